"""Clips to measure: what a folder holds, and their first frames."""

import itertools
from collections.abc import Iterator, Sequence
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
      Path of each, in natural order of folders and names. A name is as much of the path's end,
      without a file's suffix, as distinguishes it from the others, joined by `_`; a folder of
      images has its parent's name too, as in `lemming_img`.

    Raises:
      UserError: no such folder, one without a clip, or a clip that is found twice.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; expected one of videos or of images")
        clips = list(_below(folder.resolve()))
        if not clips:
            raise UserError(
                f"{folder}: no clips; expected video files ({', '.join(VIDEO_SUFFIXES)}) or "
                f"folders of images ({', '.join(IMAGE_SUFFIXES)})"
            )
        found += clips
    if twice := [clip for clip in found if found.count(clip) > 1]:
        raise UserError(f"{twice[0]}: in several of the folders; expected each clip once")
    return dict(zip(_names(found), found, strict=True))


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


def _names(clips: Sequence[Path]) -> list[str]:
    parts = [(*clip.parent.parts, clip.name if clip.is_dir() else clip.stem) for clip in clips]
    lengths = [1 + clip.is_dir() for clip in clips]
    while True:
        names = ["_".join(p[-length:]) for p, length in zip(parts, lengths, strict=True)]
        clashing = [
            i for i, name in enumerate(names) if names.count(name) > 1 and lengths[i] < len(parts[i])
        ]
        if not clashing:
            return names
        for i in clashing:
            lengths[i] += 1


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
