"""Frames that the device makes of what the host draws, beside those that the host makes."""

import jax
import numpy as np
import pytest
from made_digits import NOISE_DIGITS, make_source
from made_idx import write_idx_folder

from data.batches import training_batches
from data.moving_mnist.data_set import MOVING_MNIST, MovingMNISTOptions
from data.moving_mnist.rendering import make_frames
from data.sequences import SequenceOptions
from data.sources import Computed


def stacked(items):
    return jax.tree.map(lambda *each: np.stack(each), *items)


@pytest.mark.parametrize("pixels", ["binary", "float"])
@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize(
    "num_digits, image_size, length, options",
    [
        (1, 29, 2, {"step": 0}),
        (2, 64, 20, {}),
        (3, 48, 7, {"speed": "drawn", "seed": 5}),
        (2, 40, 6, {"step": 0.5, "split": "test"}),  # at the border in every second frame
    ],
)
def test_they_are_the_hosts_bit_for_bit(pixels, lines, num_digits, image_size, length, options):
    source = make_source(
        5,
        pixels=pixels,
        lines=lines,
        num_digits=num_digits,
        image_size=image_size,
        sequence_length=length,
        **options,
    )
    draws = Computed(len(source), source.draws)
    assert len(draws) == len(source)
    made = jax.jit(make_frames, static_argnames="size")(
        source.images, stacked([draws[i] for i in range(5)]), size=image_size
    )
    expected = np.stack([source[i]["frames"] for i in range(5)])
    np.testing.assert_array_equal(made, expected, strict=True)
    assert len(np.unique(expected)) > (50 if pixels == "float" else 1)


@pytest.mark.parametrize("digits", ["embedded", "idx"])
def test_training_reads_draws_of_the_same_sequences_in_the_same_order(digits, tmp_path):
    write_idx_folder(tmp_path)
    options = MovingMNISTOptions(pixels="float", digits=digits, directory=str(tmp_path))
    sequences = SequenceOptions(sequence_length=5, num_train=7)
    opened = MOVING_MNIST.open_on_device(options, sequences)
    ours = training_batches(opened.source, 3, 1, taken=None)
    theirs = training_batches(MOVING_MNIST.open_training(options, sequences).source, 3, 1)
    for _ in range(4):
        batch = next(ours)
        np.testing.assert_array_equal(
            opened.on_device.make(opened.on_device.material, batch), next(theirs), strict=True
        )
        assert sum(array.nbytes for array in jax.tree.leaves(batch)) < 3 * 60
    assert ours.get_state() == theirs.get_state()


def test_indices_are_those_of_a_list():
    source = make_source(5, digits=NOISE_DIGITS)
    draws = Computed(len(source), source.draws)
    np.testing.assert_array_equal(draws[-1]["positions"], draws[4]["positions"])
    with pytest.raises(IndexError):
        draws[5]
