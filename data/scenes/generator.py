"""Made scenes, rendered on demand, with ground truth.

Item i of a split is always the same scene: its random numbers come from a key of (seed, split, i).
"""

import zlib
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import jax
import numpy as np

from data.scenes.data_set import ScenesOptions, check
from data.scenes.images import read_images
from data.scenes.layers import Settings, background_side
from data.scenes.scene import ground_truth, render
from data.sequences import SPLITS, SequenceOptions


class ScenesItem(TypedDict):
    """One sequence of T frames of H x W pixels.

    frames: float32 [T, H, W, 1] in [0, 1].
    flow, object_mask, occluded: see `data.scenes.scene.Truth`.
    """

    frames: np.ndarray
    flow: np.ndarray
    object_mask: np.ndarray
    occluded: np.ndarray


_IMAGES_SIDE = 4 / 3  # of the textures that are cropped from them
_render = jax.jit(render, static_argnames=("size", "num_frames"))
_ground_truth = jax.jit(ground_truth, static_argnames=("size", "num_frames"))


class Material(NamedTuple):
    """What all scenes of a source have in common; see `render`."""

    key: jax.Array
    settings: Settings
    images: jax.Array | None


class Scenes:
    """Random access to the scenes of one split.

    `source[i]` is a dictionary with `frames`, which is what training reads;
    `source.with_ground_truth(i)` is a `ScenesItem`. Scenes are made on the CPU, whatever device
    trains, and by any thread.

    Attributes:
      checksum: of the images that textures are taken from; None where they are generated.
    """

    def __init__(self, split: str, sequences: SequenceOptions, options: ScenesOptions):
        """Prepares the source; nothing is rendered yet.

        Args:
          split: `train`, `validation` or `test`; splits draw different random numbers.
          sequences: their size, length and number.
          options: what they show.

        Raises:
          OSError, ValueError: unknown split, frames that are too small, or images that cannot be
            read; the message names the file.
        """
        self._num_sequences = sequences.num_sequences(split)
        check(options, sequences)
        self._device = _cpu()
        self._size = {"size": sequences.image_size, "num_frames": sequences.sequence_length}
        self._settings = Settings(*(getattr(options, name) for name in Settings._fields))
        self.checksum: int | None = None
        self._images: jax.Array | None = None
        with jax.default_device(self._device):
            self._key = jax.random.fold_in(jax.random.key(options.seed), SPLITS.index(split))
            if options.images:
                side = round(_IMAGES_SIDE * background_side(sequences.image_size))
                images = read_images(Path(options.images), split, side)
                self.checksum = zlib.crc32(images.tobytes())
                self._images = jax.numpy.asarray(images)

    def __len__(self) -> int:
        return self._num_sequences

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        with jax.default_device(self._device):
            frames = _render(self._key_of(index), self._settings, images=self._images, **self._size)
        return {"frames": np.asarray(frames)[..., None]}

    def with_ground_truth(self, index: int) -> ScenesItem:
        """Scene `index` with its ground truth."""
        with jax.default_device(self._device):
            truth = _ground_truth(self._key_of(index), self._settings, **self._size)
        return {
            "frames": self[index]["frames"],
            "flow": np.asarray(truth.flow),
            "object_mask": np.asarray(truth.object_mask),
            "occluded": np.asarray(truth.occluded),
        }

    @property
    def material(self) -> Material:
        """What `make_frames` takes beside the scenes' numbers."""
        kinds = {int: np.int32, float: np.float32}  # as JAX takes Python's numbers
        values: Any = (np.asarray(value, kinds[type(value)]) for value in self._settings)
        settings = Settings(*values)  # arrays in the place of numbers
        return Material(self._key, settings, self._images)

    def _key_of(self, index: int) -> jax.Array:
        index = range(self._num_sequences)[index]  # as a list: negative from the end, or IndexError
        return jax.random.fold_in(self._key, index)


def make_frames(material: Material, numbers: jax.Array, size: int, num_frames: int) -> jax.Array:
    """Frames of a batch of scenes, to be compiled for the device that trains.

    Args:
      material: `Scenes.material`.
      numbers: int32 [B].
      size: H and W, pixels.
      num_frames: T.

    Returns:
      float32 [B, T, H, W, 1] in [0, 1], those of `Scenes` to rounding. That moves the hard edges of
      leaves by so little that a texel changes its side once in a while, if devices round
      differently.
    """

    def one(number):
        key = jax.random.fold_in(material.key, number)
        return render(key, material.settings, size, num_frames, material.images)

    return jax.vmap(one)(numbers)[..., None]


def _cpu() -> jax.Device:
    try:
        return jax.devices("cpu")[0]
    except RuntimeError as error:
        raise ValueError(
            f"scenes are made on the CPU, which JAX was told to leave: {error}"
        ) from error
