"""Numbers that the paper reports, to stand beside ours."""

from experiments.run.config import Config

TABLE2_CROSS_ENTROPY = {
    "conv-1enc-1LSTM": 0.12827,
    "conv-1enc-2LSTM": 0.09116,
    "conv-2enc-1LSTM": 0.11810,
    "conv-2enc-2LSTM": 0.08346,
    "fc-2enc-1LSTM": 0.15648,
    "fc-2enc-2LSTM": 0.14484,
}
"""Test cross-entropy on binary moving MNIST, nats a pixel, by variant."""

TABLE3_L2 = {
    ("conv-1enc-2LSTM", "intensity"): 0.03186,
    ("conv-1enc-2LSTM", "gradient"): 0.03095,
    ("conv-1enc-2LSTM", "sum"): 0.02964,
}
"""Test mean squared error on float moving MNIST, by variant and loss."""


def paper_reference(config: Config) -> dict[str, float] | None:
    """The paper's test score for an experiment like its own; None for any other.

    Returns:
      `cross_entropy` (Table 2) or `mean_squared_error` (Table 3).
    """
    data = config.data
    pixels = "binary" if config.loss == "bce" else "float"
    like_the_papers = (
        data.name == "moving_mnist"
        and config.tau == 10
        and (data.num_digits, data.image_size, data.lines) == (2, 64, False)
        and data.pixels == pixels
    )
    if not like_the_papers:
        return None
    if config.loss == "bce":
        return {"cross_entropy": TABLE2_CROSS_ENTROPY[config.variant]}
    if (config.variant, config.loss) in TABLE3_L2:
        return {"mean_squared_error": TABLE3_L2[config.variant, config.loss]}
    return None
