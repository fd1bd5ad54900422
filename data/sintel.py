"""MPI-Sintel: pairs of frames with the dense flow from the first to the second.

    training/{clean,final}/SCENE/frame_0001.png ...
    training/flow/SCENE/frame_0001.flo ...              one fewer than frames
    training/occlusions/SCENE/frame_0001.png ...        white: not in the next frame

A folder that holds frames and flows side by side counts as one scene, without occlusions.

Source: Butler et al. 2012.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import RENDERINGS
from data.flo import read_flo
from data.video.images import read_rgb


@dataclass(frozen=True)
class Pair:
    """Files of two consecutive frames, their flow and, where known, their occlusions.

    Attributes:
      scene: name of the scene.
      frame: t.
      following: t + 1.
      flow: from t to t + 1.
      occlusion: pixels of t that are hidden in t + 1; None if there is no such file.
    """

    scene: str
    frame: Path
    following: Path
    flow: Path
    occlusion: Path | None


class Sintel(Sequence[dict[str, np.ndarray]]):
    """Random access to the pairs, each read on demand.

    Items hold `frames`, float32 [2, H, W, 3] in [0, 1]; `flow`, float32 [H, W, 2], pixels, forward:
    from the first frame to the second; `visible`, bool [H, W], the first frame's pixels that are
    visible in the second: all where there are no occlusion maps, never those of unknown flow.
    """

    def __init__(self, directory: Path, rendering: str = "clean"):
        """Lists the pairs.

        Args:
          directory: with `training`, or the frames and flows of one scene.
          rendering: one of `RENDERINGS`.

        Raises:
          OSError: unreadable.
          ValueError: there are no pairs, or a file of one is missing; the message names it.
        """
        if rendering not in RENDERINGS:
            raise ValueError(f"rendering {rendering!r}; expected one of {', '.join(RENDERINGS)}")
        self.pairs = list(_pairs(directory, rendering))
        if not self.pairs:
            raise ValueError(
                f"{directory}: no flows; expected training/flow/SCENE/frame_0001.flo beside "
                f"training/{rendering}/SCENE/frame_0001.png, or both in this folder"
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        pair = self.pairs[index]
        flow = read_flo(pair.flow)
        frames = [_read_image(path, flow.shape[:2]) for path in (pair.frame, pair.following)]
        visible = ~np.isnan(flow).any(axis=-1)
        if pair.occlusion is not None:
            visible &= _read_image(pair.occlusion, flow.shape[:2])[..., 0] < 0.5
        return {"frames": np.stack(frames), "flow": flow, "visible": visible}


def _pairs(directory: Path, rendering: str):
    training = directory / "training"
    in_layout = (training / "flow").is_dir()
    for flow in sorted(
        (training / "flow").glob("*/*.flo") if in_layout else directory.glob("*.flo")
    ):
        if flow.name.startswith("."):  # as macOS leaves beside each file
            continue
        scene = flow.parent.name
        folder = training / rendering / scene if in_layout else directory
        occlusion = training / "occlusions" / scene / f"{flow.stem}.png"
        frame = folder / f"{flow.stem}.png"
        following = folder / f"{_next_name(flow)}.png"
        for path in (frame, following):
            if not path.is_file():
                raise ValueError(f"{path}: no such file; {flow} is the flow of that frame")
        yield Pair(scene, frame, following, flow, occlusion if occlusion.is_file() else None)


def _next_name(flow: Path) -> str:
    prefix, _, number = flow.stem.rpartition("_")
    if not number.isdecimal():
        raise ValueError(f"{flow}: expected a name such as frame_0001.flo")
    return f"{prefix}_{int(number) + 1:0{len(number)}}"


def _read_image(path: Path, size: tuple[int, ...]) -> np.ndarray:
    """float32 [H, W, 3] in [0, 1]."""
    pixels = read_rgb(path).astype(np.float32) / 255
    if pixels.shape[:2] != size:
        raise ValueError(f"{path}: {pixels.shape[:2]} pixels; expected {size}, as its flow")
    return pixels
