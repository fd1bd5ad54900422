"""Clips to measure: what a folder holds, and their first frames."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from data.video.files import VIDEO_SUFFIXES, open_video
from data.video.framing import fit
from data.video.images import IMAGE_SUFFIXES, images_in
from experiments.console.errors import UserError


def find_clips(folders: Sequence[Path]) -> dict[str, Path]:
    """Clips by name: video files, and folders of images, at any depth of some folders.

    Args:
      folders: at least one; a folder of images is a clip itself.

    Returns:
      Path of each, in the order of folders and paths. A name is the path below the folder, without
      a file's suffix, its parts joined by `_`; of a folder that is a clip itself, its name after
      its parent's, as in `lemming_img`. Further clips of the same name are `NAME-2` and so on.

    Raises:
      UserError: no such folder, one without a clip, or a clip that is found twice.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; expected one of videos or of images")
        root = folder.resolve()
        clips = list(_below(root))
        if not clips:
            raise UserError(
                f"{folder}: no clips; expected video files ({', '.join(VIDEO_SUFFIXES)}) or "
                f"folders of images ({', '.join(IMAGE_SUFFIXES)})"
            )
        for clip in clips:
            if clip in found.values():
                raise UserError(f"{clip}: in several of the folders; expected each clip once")
            found[_name(clip, root, found.keys())] = clip
    return found


def _below(folder: Path) -> Iterator[Path]:
    if images_in(folder):
        yield folder
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _below(path)
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            yield path


def _name(clip: Path, root: Path, taken: Collection[str]) -> str:
    parts = clip.relative_to(root if clip != root else root.parent.parent).parts
    first = "_".join([*parts[:-1], clip.name if clip.is_dir() else clip.stem])
    numbered = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(name for name in numbered if name not in taken)


def read_frames(clip: Path, size: tuple[int, int], start: int, count: int) -> np.ndarray:
    """Grey frames of a clip, scaled to cover a size, the middle cut out.

    Args:
      clip: video file or folder of images.
      size: (H, W).
      start: number of the first.
      count: how many, at most.

    Returns:
      uint8 [T, H, W]; of a shorter clip fewer, perhaps none.

    Raises:
      OSError: it cannot be read.
      ValueError: no frame of it can be read.
    """
    frames = [
        fit(frame, size, "crop")
        for frame in itertools.islice(open_video(clip), start, start + count)
    ]
    return np.stack(frames) if frames else np.empty((0, *size), np.uint8)
