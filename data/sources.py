"""Protocols of sources of sequences, and what a data set consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from data.sequences import SequenceOptions

if TYPE_CHECKING:
    import numpy as np

Item = Mapping[str, Any]
"""Arrays of one sequence, by name."""

Augment = Callable[[Item, "np.random.Generator"], "np.ndarray"]
"""Makes frames of an item, with the generator's random numbers alone."""

Options = TypeVar("Options")


@runtime_checkable
class Source(Protocol):
    """Random access to sequences; index i is always the same sequence.

    `source[i]` holds `frames`, float32 [T, H, W, 1] in [0, 1], of the same shape for all i, and may
    hold other arrays.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Item: ...


@runtime_checkable
class GroundTruthSource(Source, Protocol):
    """A source with ground truth; `isinstance(source, GroundTruthSource)` checks.

    `with_ground_truth(i)` is `source[i]` and `flow`, float32 [T - 1, H, W, 2], the backward flow of
    each next frame in pixels: frame t sampled at (x + u, y + v) gives frame t + 1. It may hold
    more, such as `object_mask`, uint8 [T, H, W], 0 = background, and `occluded`, bool
    [T - 1, H, W]: what shows in frame t + 1 was hidden in frame t.
    """

    def with_ground_truth(self, index: int) -> Item: ...


class DeviceFrames(NamedTuple):
    """How the device that trains makes frames of what the host draws.

    Attributes:
      material: arrays that are put on the device once, such as images; a pytree.
      make: pure function of JAX, (material, batch) -> float32 [B, T, H, W, 1] in [0, 1], of a batch
        of items, stacked.
    """

    material: Any
    make: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Computed:
    """Random access to what a function makes of each index.

    Attributes:
      count: how many there are.
      make: of an index from 0 to count - 1, an item.
    """

    count: int
    make: Callable[[int], Any]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return self.make(range(self.count)[index])


class TrainingSource(NamedTuple):
    """What training reads, see `data.batches.training_batches`.

    Attributes:
      source: random access to items with `frames`, or to those that `on_device` takes.
      augmentation: makes float32 [T, H, W, 1] in [0, 1] of an item; None where `frames` are that.
      checksum: of what a resumed run must find unchanged; None where the options determine it.
      on_device: makes frames of the items where the host doesn't.
    """

    source: Any
    augmentation: Augment | None = None
    checksum: int | None = None
    on_device: DeviceFrames | None = None


@dataclass(frozen=True)
class DataSet(Generic[Options]):
    """A data set, as `data.registry` names it.

    Attributes:
      options: frozen dataclass of its own options, each with a default; it refuses values outside
        their range with a ValueError that begins with the field's name.
      check: refuses options that don't go with each other or with those of all data sets, as
        `options` does, before anything is read.
      open_split: the sequences of a split, `train`, `validation` or `test`, for evaluation. Raises
        OSError or ValueError where they cannot be read; the message names the file.
      open_training: what training reads of `train`; errors as `open_split`.
      open_on_device: the same, of which the device makes the frames; None where it can't.
    """

    options: type[Options]
    check: Callable[[Options, SequenceOptions], None]
    open_split: Callable[[Options, SequenceOptions, str], Source]
    open_training: Callable[[Options, SequenceOptions], TrainingSource]
    open_on_device: Callable[[Options, SequenceOptions], TrainingSource] | None = None
