"""The six architectures of the paper's Table 2, as data."""

import difflib
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Variant:
    """Description of one architecture.

    Attributes:
      name: as in Table 2.
      encoder_features: output features of each convolution-pooling-downsampling (CPD) module; the
        decoder mirrors them.
      memory: `conv` for ConvLSTM layers, `fc` for a dense projection and peephole LSTM layers.
      memory_features: features of each ConvLSTM layer; for `fc`, feature maps that the units of
        each layer are arranged as.
      pointwise_flow: whether the flow head ends in a 1x1 convolution.
      memory_kernel_size: side of the ConvLSTM layers' kernels, feature pixels.
    """

    name: str
    encoder_features: tuple[int, ...]
    memory: Literal["conv", "fc"]
    memory_features: tuple[int, ...]
    pointwise_flow: bool
    memory_kernel_size: int = 7

    @property
    def downsampling(self) -> int:
        """Image pixels a feature pixel, along one side."""
        return 2 ** len(self.encoder_features)

    def with_memory(self, *, width: float, kernel_size: int) -> "Variant":
        """The variant with another memory, for ablations.

        Args:
          width: factor on the number of features of each layer, > 0; at least one is left.
          kernel_size: see `memory_kernel_size`.
        """
        features = tuple(max(1, round(width * n)) for n in self.memory_features)
        return replace(self, memory_features=features, memory_kernel_size=kernel_size)


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("conv-1enc-1LSTM", (32,), "conv", (45,), True),
        Variant("conv-1enc-2LSTM", (32,), "conv", (64, 128), False),
        Variant("conv-2enc-1LSTM", (16, 32), "conv", (64,), False),
        Variant("conv-2enc-2LSTM", (16, 32), "conv", (64, 128), False),
        Variant("fc-2enc-1LSTM", (16, 32), "fc", (8,), False),
        Variant("fc-2enc-2LSTM", (16, 32), "fc", (8, 8), False),
    )
}


def get_variant(name: str) -> Variant:
    """The description of a named architecture.

    Raises:
      ValueError: no such name; the message lists the known ones and the nearest.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    nearest = difflib.get_close_matches(name, VARIANTS, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"unknown variant {name!r}; did you mean {nearest!r}? Known: {', '.join(VARIANTS)}"
    )
