"""Source clips of a folder tree of videos, of PROST, ViSOR and MPI-Sintel.

    video_folder   any tree of video files and folders of images; top folders train, validation and
                   test, if all three exist, are the splits
    prost          folders of images such as box/*.jpg or Box/img/*.jpg, or video files; for testing
    visor          video files; for testing
    sintel         see data.sintel; frames, flow and occlusions, for testing

Source: Santner et al. 2010 (PROST), Vezzani and Cucchiara 2010 (ViSOR), Butler et al. 2012
(Sintel).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.sequences import SPLITS
from data.sintel import Sintel
from data.video.files import VIDEO_SUFFIXES, open_video
from data.video.framing import fit
from data.video.images import IMAGE_SUFFIXES, images_in

Row = dict[str, np.ndarray]


@dataclass(frozen=True)
class SourceClip:
    """A clip to be prepared.

    Attributes:
      name: its path below the source folder; identifies it.
      path: of the video file or folder.
      label: its class; empty where there are none.
      group: recording that it was cut from; a group is never divided between splits.
      divisions: its split in each of the data set's own divisions, or `unused`; empty where the
        data set has none.
    """

    name: str
    path: Path
    label: str
    group: str
    divisions: tuple[str, ...]

    def files(self) -> list[Path]:
        """All files that the clip is read from; they may not exist."""
        return images_in(self.path) if self.path.is_dir() else [self.path]

    def rows(
        self, size: tuple[int, int] | None, how: str, stride: int
    ) -> tuple[Iterator[Row], Callable[[], str]]:
        """Frames of the clip one by one, uint8 [H, W] as `frame`, and its problem.

        The problem is complete after the last frame; it is empty if there is none.

        Args:
          size: (H, W); None to keep the clip's own.
          how: see `data.video.framing.fit`.
          stride: takes every stride-th frame.

        Raises:
          OSError, ValueError: not readable; the message names the file.
        """
        video = open_video(self.path)
        taken = (image for number, image in enumerate(video) if number % stride == 0)
        rows = ({"frame": image if size is None else fit(image, size, how)} for image in taken)
        return rows, lambda: video.problem or ""


@dataclass(frozen=True)
class SintelScene(SourceClip):
    """A scene of MPI-Sintel: `forward_flow` and `visible` beside `frame`, in original size."""

    def files(self) -> list[Path]:
        """See `SourceClip.files`: frames, flows and occlusions."""
        pairs = [pair for pair in Sintel(self.path).pairs if pair.scene == self.name]
        named = {path for pair in pairs for path in (pair.frame, pair.following, pair.flow)}
        return sorted(named | {pair.occlusion for pair in pairs if pair.occlusion is not None})

    def rows(
        self, size: tuple[int, int] | None, how: str, stride: int
    ) -> tuple[Iterator[Row], Callable[[], str]]:
        """See `SourceClip.rows`. The flow is that of the original frames, which stay unscaled.

        Raises:
          ValueError: a size or a stride was given.
        """
        if size is not None or stride != 1:
            raise ValueError("sintel: its flow is that of all frames in their own size")
        return self._rows(), lambda: ""

    def _rows(self) -> Iterator[Row]:
        pairs = Sintel(self.path)
        scene = [i for i, pair in enumerate(pairs.pairs) if pair.scene == self.name]
        for i in scene:
            item = pairs[i]
            first, second = (_grey(frame) for frame in item["frames"])
            yield {"frame": first, "forward_flow": item["flow"], "visible": item["visible"]}
        nothing = np.full_like(item["flow"], np.nan)
        yield {"frame": second, "forward_flow": nothing, "visible": np.zeros(second.shape, bool)}


def _grey(frame: np.ndarray) -> np.ndarray:
    """uint8 [H, W] of RGB in [0, 1], by the weights of ITU-R 601, as PIL does."""
    return np.round(255 * (frame @ np.array([0.299, 0.587, 0.114], np.float32))).astype(np.uint8)


def video_folder(source: Path) -> list[SourceClip]:
    """Any tree of videos.

    Raises:
      OSError: unreadable.
      ValueError: it holds none.
    """
    clips = []
    tops = {path.name for path in source.iterdir() if path.is_dir()}
    for path in _videos(source):
        name = path.relative_to(source).as_posix()
        top = name.split("/")[0]
        divisions = (top,) if set(SPLITS) <= tops and top in SPLITS else ()
        clips.append(SourceClip(name, path, label="", group=name, divisions=divisions))
    if len({len(clip.divisions) for clip in clips}) > 1:
        raise ValueError(f"{source}: has folders {', '.join(SPLITS)}, but also clips beside them")
    return clips


def prost(source: Path) -> list[SourceClip]:
    """PROST's sequences, all for testing; errors as `video_folder`."""
    return _for_testing(source)


def visor(source: Path) -> list[SourceClip]:
    """ViSOR's videos, all for testing; errors as `video_folder`."""
    return _for_testing(source)


def sintel(source: Path) -> list[SourceClip]:
    """MPI-Sintel's scenes, the clean rendering, all for testing; errors as `data.sintel.Sintel`."""
    scenes = dict.fromkeys(pair.scene for pair in Sintel(source).pairs)
    return [SintelScene(name, source, name, name, ("test",)) for name in scenes]


def _for_testing(source: Path) -> list[SourceClip]:
    clips = []
    for path in _videos(source):
        name = path.relative_to(source).as_posix().removesuffix("/img")
        clips.append(SourceClip(name, path, label="", group=name, divisions=("test",)))
    return clips


def _videos(source: Path) -> list[Path]:
    """Video files, and folders with images, of a tree; the source itself, if it holds images."""
    files = visible_files(source)
    found = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    images = (path for path in files if path.suffix.lower() in IMAGE_SUFFIXES)
    found += dict.fromkeys(path.parent for path in images)
    if not found:
        raise ValueError(
            f"{source}: no videos ({', '.join(VIDEO_SUFFIXES)}) and no folders of images "
            f"({', '.join(IMAGE_SUFFIXES)})"
        )
    return sorted(found)


def visible_files(source: Path, pattern: str = "*") -> list[Path]:
    """Files of a tree that are not hidden, nor below a hidden folder such as `.Trashes`, sorted."""
    return sorted(
        path
        for path in source.rglob(pattern)
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
