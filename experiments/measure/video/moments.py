"""Predictions of a clip's frames, beside the frame before them moved along carried-on flow.

Carried on, a flow f from the last frame to the one before, last(x) = previous(x + f(x)), is taken
for that of the next frame: next(x) = last(x + f(x)). This supposes constant velocity at each pixel;
`experiments.measure.flow` supposes it of what moves, and warps f along itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from vstm.inference.predictor import Prediction, VideoPredictor
from vstm.ops.warp import warp_within

FlowMethod = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From two frames [H, W] in [0, 1] to the backward flow [H, W, 2]: first(x + f(x)) = second(x)."""

REFERENCE = "dis"
"""The method whose flow between the last frame and the next, which sees both, is the reference."""

_warp_within = jax.jit(warp_within)


@dataclass(frozen=True)
class Moment:
    """A prediction with what it is compared with; frames are float32 [H, W] in [0, 1].

    Attributes:
      number: of the target in the clip, from 0.
      previous: the frame before the last.
      last: the last frame that the model has seen.
      target: the next frame.
      made: the model's prediction of it.
      carried: by method, the flow of the last frame, [H, W, 2], taken for that of the target.
      reference: [H, W, 2], flow of the target, by `REFERENCE`.
    """

    number: int
    previous: np.ndarray
    last: np.ndarray
    target: np.ndarray
    made: Prediction
    carried: Mapping[str, np.ndarray]
    reference: np.ndarray

    @property
    def flows(self) -> dict[str, np.ndarray]:
        """By name, the flows of the target that did not see it."""
        return {"ours": self.made.flow, **self.carried}

    @property
    def frames(self) -> dict[str, np.ndarray]:
        """By name, the predictions of the target."""
        moved = {name: moved_along(self.last, flow) for name, flow in self.carried.items()}
        return {"ours": self.made.frame, "copy": self.last, **moved}


def moved_along(frame: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """A frame [H, W] at x + flow, bilinearly, its border repeated outside."""
    return np.asarray(_warp_within(jnp.asarray(frame[..., None]), jnp.asarray(flow)))[..., 0]


def moments(
    predictor: VideoPredictor,
    frames: np.ndarray,
    *,
    start: int,
    warm_up: int,
    methods: Mapping[str, FlowMethod],
) -> Iterator[Moment]:
    """Predictions of a clip's frames after the warm-up.

    Args:
      predictor: the model; its memory is emptied first.
      frames: uint8 [T, H, W].
      start: number of the first of them in the clip.
      warm_up: frames that the model has seen at the first prediction, at least 2.
      methods: classical flow by name, `REFERENCE` among them.

    Yields:
      T - warm_up moments.

    Raises:
      ValueError: the model cannot take frames of this size.
    """
    predictor.reset()
    real = frames.astype(np.float32) / 255
    carried: dict[str, np.ndarray] = {}
    for number in range(1, len(frames)):
        made = predictor.step(frames[number - 1])
        if number < warm_up - 1:
            continue
        last, target = real[number - 1], real[number]
        flows = {name: flow(last, target) for name, flow in methods.items()}
        if number >= warm_up:
            previous = real[number - 2]
            yield Moment(start + number, previous, last, target, made, carried, flows[REFERENCE])
        carried = flows
