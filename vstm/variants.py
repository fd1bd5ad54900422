"""The six architectures of the paper's Table 2, by name."""

import difflib

from vstm.modules.model_config import ModelConfig

VARIANTS: dict[str, ModelConfig] = {
    "conv-1enc-1LSTM": ModelConfig((32,), "conv", (45,), pointwise_flow=True),
    "conv-1enc-2LSTM": ModelConfig((32,), "conv", (64, 128), pointwise_flow=False),
    "conv-2enc-1LSTM": ModelConfig((16, 32), "conv", (64,), pointwise_flow=False),
    "conv-2enc-2LSTM": ModelConfig((16, 32), "conv", (64, 128), pointwise_flow=False),
    "fc-2enc-1LSTM": ModelConfig((16, 32), "fc", (8,), pointwise_flow=False),
    "fc-2enc-2LSTM": ModelConfig((16, 32), "fc", (8, 8), pointwise_flow=False),
}


def get_variant(name: str) -> ModelConfig:
    """A named architecture.

    Raises:
      ValueError: no such name; the message lists the known ones and the nearest.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    nearest = difflib.get_close_matches(name, VARIANTS, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"unknown variant {name!r}; did you mean {nearest!r}? Known: {', '.join(VARIANTS)}"
    )
