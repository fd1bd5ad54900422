"""Checks grid generator and sampler alone: one frame of a pair, made from the other by true flow.

What is written, and how, is described in the program, `experiments.warp_check`.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from data.progress import Progress
from data.sintel import Sintel
from experiments.pictures.figure import write_figure
from experiments.pictures.flow_colours import flow_image
from vstm.ops.warp import sampling_grid, warp

_DIRECTIONS = ("t from t+1", "t+1 from t")
_REGIONS = ("known", "visible")
_ERRORS = ("mean_absolute", "mean_squared")


def warped_pair(frames: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Each frame of a pair, made from the other.

    Args:
      frames: [2, H, W, C], t and t + 1.
      flow: [H, W, 2], from t to t + 1, pixels; where NaN, nothing moves.

    Returns:
      [2, H, W, C]: t from t + 1 at x + flow, t + 1 from t at x - flow; zero where that is outside
      the frame. (The warp alone fades to zero within a pixel of the border.)
    """
    flow = np.nan_to_num(flow)
    return np.stack([_sampled(frames[1], flow), _sampled(frames[0], -flow)])


@jax.jit
def _sampled(frame: jax.Array, flow: jax.Array) -> jax.Array:
    height, width, _ = frame.shape
    x, y = jnp.moveaxis(sampling_grid(flow), -1, 0)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return jnp.where(inside[..., None], warp(frame, flow), 0)


def check(pairs: Sintel) -> list[dict[str, object]]:
    """Errors over all pairs: a row a direction and region, with those of no warp beside."""
    sums = np.zeros((len(_DIRECTIONS), len(_REGIONS), 2, len(_ERRORS)))
    counts = np.zeros(len(_REGIONS))
    with Progress(len(pairs), unit="pair", description="warping", leave=False) as progress:
        for pair in pairs:
            frames, flow = pair["frames"], pair["flow"]
            regions = np.stack([~np.isnan(flow).any(axis=-1), pair["visible"]])
            counts += regions.sum((1, 2)) * frames.shape[-1]
            for made, predicted in enumerate((warped_pair(frames, flow), frames[::-1])):
                difference = np.abs(predicted.astype(np.float64) - frames)
                for power in (1, 2):
                    errors = (difference**power).sum(axis=-1)
                    sums[:, :, made, power - 1] += np.einsum("dhw,rhw->dr", errors, regions)
            progress.advance()
    means = sums / counts[:, None, None]
    return [
        {"frame": direction, "pixels": region, "pairs": len(pairs)}
        | dict(zip(_ERRORS, map(float, means[d, r, 0]), strict=True))
        | {
            f"no_warp_{name}": float(value)
            for name, value in zip(_ERRORS, means[d, r, 1], strict=True)
        }
        for d, direction in enumerate(_DIRECTIONS)
        for r, region in enumerate(_REGIONS)
    ]


def figure(pair: dict[str, np.ndarray], path: Path) -> None:
    """Figure 3: the frames, their flow, each frame made from the other, and the errors."""
    frames, flow = pair["frames"], pair["flow"]
    made = warped_pair(frames, flow)
    largest = float(np.nanmax(np.linalg.norm(flow, axis=-1)))
    panels = {
        "frame t": frames[0],
        "t from t+1, sampled at x + flow": made[0],
        "error": np.abs(made[0] - frames[0]),
        "frame t+1": frames[1],
        "t+1 from t, sampled at x - flow": made[1],
        "error ": np.abs(made[1] - frames[1]),
        # The flow of MPI-Sintel is forward.
        f"motion, full colour at {largest:.0f} px": flow_image(-flow, scale=largest),
        "hidden in t+1, or of unknown flow": np.where(pair["visible"][..., None], 1.0, [0.8, 0, 0]),
        "|frame t+1 - frame t|": np.abs(frames[1] - frames[0]),
    }
    height, width, _ = flow.shape
    figure, axes = plt.subplots(3, 3, figsize=(15, 15 * height / width + 1), layout="constrained")
    for axis, (title, image) in zip(axes.flat, panels.items(), strict=True):
        axis.imshow(image)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    write_figure(figure, path, dpi=60)
