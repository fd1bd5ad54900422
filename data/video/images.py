"""Image files, folders of them and animations as grey, upright frames.

Read by Pillow; rotated and mirrored as the EXIF orientation says. Grey has ITU-R 601's weights; of
16 bits the upper 8 are kept; transparent pixels are composited over black, whatever colour they
hide. Images of more pixels than `data.files.bounds` allows are refused before memory is allocated,
and so are files of formats that `IMAGE_SUFFIXES` don't stand for, whatever their names.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageOps

from data.files.bounds import pixels_at_most
from data.files.reading import check_unchanged, reading, state_of
from data.video.frame_times import equally_spaced, timing
from data.video.orientation import check_pixels
from data.video.picture import Picture

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
ANIMATION_SUFFIXES = (".gif", ".apng")
_FORMATS = ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF")
_ONE_PICTURE_FORMATS = ("MPO",)  # a phone's photo, with a gain map or the other eye's view
_COLOUR_MODES = ("RGB", "CMYK", "YCbCr", "LAB", "HSV", "P")
_DEFAULT_MILLISECONDS = 100  # of a frame that gives no duration, as browsers do
_MAX_MILLISECONDS = 2**32  # which no format's field exceeds

_Pixels = TypeVar("_Pixels")


class ImageFolder(Sequence[np.ndarray]):
    """The images of a folder as frames, uint8 [H, W], in natural order of their names.

    Hidden files, such as the `._1.png` of macOS, are ignored. An animation or a file of several
    images is an error; `ImageFile` reads its frames.

    Attributes:
      path: of the folder.
      paths: of the images.
      size: (H, W) of the first image, which all must have.
      times: when each frame is shown, seconds, at `DEFAULT_RATE`; a folder has no clock.
      rate: `DEFAULT_RATE`.
      constant_rate: True.
      problem: None; a damaged image is an error.
    """

    def __init__(self, path: Path | str):
        """Lists the images, and reads the first.

        Raises:
          OSError: unreadable.
          ValueError: there are none, the message says which are looked for; or the first cannot be
            read.
        """
        self.path = Path(path)
        self.paths = images_in(self.path)
        if not self.paths:
            raise ValueError(f"{path}: no images; expected files {', '.join(IMAGE_SUFFIXES)}")
        self.size = _read_single(self.paths[0]).shape
        timing = equally_spaced(len(self.paths))
        self.times, self.rate, self.constant_rate = timing.times, timing.rate, True
        self.problem: str | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._of_one_size(index, _read_single(self.paths[index]))

    def picture(self, index: int) -> Picture:
        """An image in grey and colour."""
        picture = _read_single(self.paths[index], _picture)
        self._of_one_size(index, picture.grey)
        return picture

    def _of_one_size(self, index: int, image: np.ndarray) -> np.ndarray:
        if image.shape != self.size:
            raise ValueError(
                f"{self.paths[index]}: {image.shape} pixels; expected {self.size}, as the first"
            )
        return image


class ImageFile(Sequence[np.ndarray]):
    """Frames of one image file, uint8 [H, W]: of an animated GIF, PNG or WebP; else one.

    Attributes:
      path: of the file.
      size: (H, W).
      times: when each frame is shown, seconds from the first; frames without duration last 0.1 s.
      rate: mean number of frames per second, a Fraction.
      constant_rate: whether all frames but the last are shown equally long.
      problem: what is wrong with the file although it has frames; None if nothing.
    """

    def __init__(self, path: Path | str):
        """Reads the file once, a frame at a time.

        Raises:
          OSError: there is no such file.
          ValueError: no frame can be read; the message names the file.
        """
        self.path = Path(path)
        self.problem: str | None = None
        milliseconds: list[int] = []
        with _reading(self.path), _open(self.path) as image:
            self._state = state_of(self.path)
            # A PNG may show a picture of its own where animations are not known.
            self._first = int(getattr(image, "default_image", False))
            promised = getattr(image, "n_frames", 1) - self._first
            for number in range(promised):
                try:
                    image.seek(self._first + number)
                    image.load()
                except Exception:  # whatever a damaged file makes of itself
                    if not number:
                        raise
                    self.problem = f"is damaged after {number} of {promised} frames"
                    break
                if not number:
                    self.size = _grey(image).shape
                duration = round(image.info.get("duration") or _DEFAULT_MILLISECONDS)
                milliseconds.append(min(max(0, duration), _MAX_MILLISECONDS))
        stamps = np.cumsum([0, *milliseconds[:-1]])
        found = timing(stamps, Fraction(1, 1000), [])
        self.times, self.rate, self.constant_rate = found.times, found.rate, found.constant_rate

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._each(_grey)

    def pictures(self) -> Iterator[Picture]:
        """All frames in grey and colour."""
        return self._each(_picture)

    def _each(self, pixels: Callable[[Image.Image], _Pixels]) -> Iterator[_Pixels]:
        with _reading(self.path):
            check_unchanged(self.path, self._state)
            image = _open(self.path)
        with image:
            for number in range(len(self)):
                with _reading(self.path):
                    image.seek(self._first + number)
                    made = pixels(image)
                yield made

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        with _reading(self.path), _open(self.path) as image:
            check_unchanged(self.path, self._state)
            image.seek(self._first + number)
            return _grey(image)


def images_in(folder: Path) -> list[Path]:
    """Image files of a folder, by suffix and not hidden; frame_2 before frame_10."""
    files = (
        file
        for file in folder.iterdir()
        if file.suffix.lower() in IMAGE_SUFFIXES
        and not file.name.startswith(".")
        and file.is_file()
    )
    return sorted(files, key=_by_number)


def read_rgb(path: Path) -> np.ndarray:
    """uint8 [H, W, 3] of an image.

    Raises:
      OSError: there is no such file.
      ValueError: it cannot be read, or holds several images; the message names it.
    """
    return _read_single(path, _rgb)


def _read_single(path: Path, pixels: Callable[[Image.Image], Any] | None = None) -> Any:
    with _reading(path), _open(path) as image:
        count = getattr(image, "n_frames", 1)
        if count > 1 and image.format not in _ONE_PICTURE_FORMATS:
            raise ValueError(f"{path}: holds {count} images; expected one in each file of a folder")
        return (pixels or _grey)(image)


def _open(path: Path) -> Image.Image:
    image = Image.open(path, formats=_FORMATS)
    try:
        check_pixels(path, image.size[::-1], pixels_at_most(path.stat().st_size))
    except ValueError:
        image.close()
        raise
    return image


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """See `data.files.reading`."""
    with reading(path, "a readable image"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged metadata, and of sizes
        yield


def _grey(image: Image.Image) -> np.ndarray:
    """uint8 [H, W] of an image's current frame."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        pixels = np.asarray(ImageOps.exif_transpose(image))
        hidden = pixels == image.info.get("transparency", -1)
        return np.where(hidden, 0, pixels >> 8).astype(np.uint8)
    if image.mode in ("I", "F"):  # of unknown range
        raise ValueError(f"pixels of {image.mode}; expected 8 or 16 bits a channel")
    return np.asarray(_over_black(image).convert("L"))


def _rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(_over_black(image).convert("RGB"))


def _picture(image: Image.Image) -> Picture:
    in_colour = image.mode.startswith(_COLOUR_MODES)
    return Picture(_grey(image), _rgb(image) if in_colour else None)


def _over_black(image: Image.Image) -> Image.Image:
    """Applies the orientation, and composites over black."""
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, image.convert("RGBA")).convert("RGB")
    return image if image.mode in ("1", "L", "P", "RGB") else image.convert("RGB")


def _by_number(path: Path) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
