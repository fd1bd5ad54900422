"""Numbers that the paper and others report, for comparison with ours."""

from dataclasses import asdict
from typing import Any

from experiments.configs.config import Config
from experiments.configs.fields import flatten
from vstm.variants import get_variant

TABLE2_CROSS_ENTROPY = {
    "conv-1enc-1LSTM": 0.12827,
    "conv-1enc-2LSTM": 0.09116,
    "conv-2enc-1LSTM": 0.11810,
    "conv-2enc-2LSTM": 0.08346,
    "fc-2enc-1LSTM": 0.15648,
    "fc-2enc-2LSTM": 0.14484,
}
"""Test cross-entropy on binary moving MNIST, nats per pixel, by variant."""

TABLE3_L2 = {
    ("conv-1enc-2LSTM", "intensity"): 0.03186,
    ("conv-1enc-2LSTM", "gradient"): 0.03095,
    ("conv-1enc-2LSTM", "sum"): 0.02964,
}
"""Test mean squared error on float moving MNIST, by variant and loss."""


def _row(run: str, **values: float) -> dict[str, Any]:
    return {"name": "published", "run": run} | values


AHEAD: tuple[dict[str, Any], ...] = (
    _row("ConvLSTM (OpenSTL)", parameters=15_000_000, sequences=2_000_000, mean_mse=29.80),
    _row("PredNet (OpenSTL)", parameters=12_500_000, sequences=2_000_000, mean_mse=161.38),
    _row("PredRNN (OpenSTL)", parameters=23_800_000, sequences=2_000_000, mean_mse=23.97),
    _row("PhyDNet (OpenSTL)", parameters=3_100_000, sequences=2_000_000, mean_mse=28.19),
    _row("SimVP-gSTA (OpenSTL)", parameters=46_800_000, sequences=2_000_000, mean_mse=26.69),
    _row("TAU (OpenSTL)", parameters=44_700_000, sequences=2_000_000, mean_mse=24.60),
    _row("DMVFN (OpenSTL)", parameters=3_500_000, sequences=2_000_000, mean_mse=123.67),
    _row("ConvLSTM (Shi et al. 2015)", mean_nats_per_frame=367.2),
    _row("LSTM (Srivastava et al. 2015)", mean_nats_per_frame=341.2),
    _row("DFN (De Brabandere et al. 2016)", mean_nats_per_frame=285.2),
    _row("VLN (Cricri et al. 2016)", mean_nats_per_frame=187.7),
    _row("this paper (Patraucean et al. 2016)", mean_nats_per_frame=179.8),
    _row("VPN (Kalchbrenner et al. 2017)", mean_nats_per_frame=87.6),
)
"""What others report on ten frames of moving MNIST after ten, on the published 10,000 sequences.

Of each method `mean_mse`, the squared error summed over a frame, or `mean_nats_per_frame`, of
binary targets or intensities as the source has it; its `parameters`, and, of OpenSTL's, the
`sequences` that it was trained on, 200 epochs of 10,000. Sources: OpenSTL (Tan et al. 2023), its
benchmark of video prediction; the papers named.
"""


TASK = {
    "tau": 10,
    "data.name": "moving_mnist",
    "data.image_size": 64,
    "data.sequence_length": 20,
    "data.num_train": 10_000,
    "data.num_validation": 3_000,
    "data.num_test": 3_000,
    "moving_mnist.lines": False,
    "moving_mnist.num_digits": 2,
    "moving_mnist.step": 0.1,
    "moving_mnist.speed": "constant",
    "train.initial_model": "",
}
"""What the paper's experiments on moving MNIST have in common (section 4)."""

MODEL_OF_RECIPE = ("memory_initial_range", "returning_gradient", "output")
"""Fields of the model that say how it is trained, or follow from the loss."""


def paper_reference(config: Config) -> dict[str, float] | None:
    """The paper's test score for an experiment like its own; None for any other.

    Like its own is one whose task and network are the paper's in every field; the recipe and the
    number of sequences may be others. Digits that are read from a folder may be any, so they have
    no reference.

    Args:
      config: resolved configuration.

    Returns:
      `cross_entropy` (Table 2) or `mean_squared_error` (Table 3).
    """
    made = config.moving_mnist
    pixels = "binary" if config.loss == "bce" else "float"
    known_digits = made.digits == "embedded" or (made.digits, made.tfds_name) == ("tfds", "mnist")
    network = {
        f"model.{name}": value
        for name, value in asdict(get_variant(config.variant)).items()
        if name not in MODEL_OF_RECIPE
    }
    fields = flatten(config)
    like_the_papers = all(fields[path] == value for path, value in (TASK | network).items())
    if not like_the_papers or made.pixels != pixels or not known_digits:
        return None
    if config.loss == "bce":
        score, by = "cross_entropy", TABLE2_CROSS_ENTROPY.get(config.variant)
    else:
        score, by = "mean_squared_error", TABLE3_L2.get((config.variant, config.loss))
    return None if by is None else {score: by}
