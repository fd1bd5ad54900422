"""Numbers that the paper reports, to stand beside ours."""

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
