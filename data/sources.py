"""What a source of sequences is, for all that reads one."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

Item = Mapping[str, Any]
"""Arrays of one sequence, by name."""


@runtime_checkable
class Source(Protocol):
    """Sequences by index; index i is always the same sequence.

    `source[i]` holds `frames`, float32 [T, H, W, 1] in [0, 1], of one shape for all i, and may hold
    other arrays.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Item: ...


@runtime_checkable
class GroundTruthSource(Source, Protocol):
    """A source that knows the true flow, and can be asked for it: `isinstance(source, ...)`.

    `with_ground_truth(i)` is `source[i]` with `flow`, float32 [T - 1, H, W, 2], the backward flow
    of each next frame in pixels: frame t sampled at (x + u, y + v) gives frame t + 1. It may hold
    more, such as `object_mask`, uint8 [T, H, W], 0 = background.
    """

    def with_ground_truth(self, index: int) -> Item: ...
