"""Digits made for tests of the generator, and sources of them."""

import numpy as np

from data.moving_mnist.data_set import MovingMNISTOptions
from data.moving_mnist.digits import Digits
from data.moving_mnist.generator import MovingMNIST
from data.sequences import SequenceOptions

SIDE = 28
LABELS = np.arange(10, dtype=np.uint8)
# Digit k of all three kinds has class k, so that `labels` says which image was drawn.
# Noise: half of the pixels are empty, so that background shows inside a digit's box too.
NOISE = np.random.default_rng(0).integers(1, 256, size=(10, SIDE, SIDE), dtype=np.uint8)
NOISE *= np.random.default_rng(1).random(NOISE.shape) < 0.5
NOISE_DIGITS = Digits(NOISE, LABELS)
# Few intensities: overlaps have ties.
TIED_DIGITS = Digits((NOISE // 86 * 100).astype(np.uint8), LABELS)
# One intensity a digit, none of them 0 or 255.
PLAIN_DIGITS = Digits(
    np.broadcast_to(20 + 10 * LABELS[:, None, None], NOISE.shape).astype(np.uint8), LABELS
)


def make_source(
    num_sequences=10,
    *,
    digits=NOISE_DIGITS,
    split="train",
    image_size=64,
    sequence_length=20,
    pixels="binary",
    **options,
):
    sequences = SequenceOptions(image_size, sequence_length, *[num_sequences] * 3)
    return MovingMNIST(digits, split, sequences, MovingMNISTOptions(pixels=pixels, **options))
