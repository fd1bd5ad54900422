"""Batches: shuffled passes, resuming and sharding; padded batches for evaluation."""

import copy
import threading

import numpy as np
import pytest
from made_digits import make_source

from data.batches import evaluation_batches, training_batches


def numbered_sequences(count: int) -> list[dict[str, np.ndarray]]:
    return [{"frames": np.full((2, 3, 4, 1), i, np.float32), "labels": i} for i in range(count)]


def read(batches, num_batches: int) -> list[int]:
    """Numbers of the sequences in the next batches."""
    return [int(n) for _ in range(num_batches) for n in next(batches)[:, 0, 0, 0, 0]]


def test_batch_is_the_frames_of_the_sequences():
    source = make_source(4, pixels="float", sequence_length=3, image_size=40)
    batch = next(training_batches(source, 4, seed=0))
    assert isinstance(batch, np.ndarray)
    assert batch.dtype == np.float32 and batch.shape == (4, 3, 40, 40, 1)
    expected = {source[i]["frames"].tobytes() for i in range(4)}
    assert {frames.tobytes() for frames in batch} == expected


# 3 divides a pass of 12 sequences, 5 does not: its batches reach over the ends of the passes.
@pytest.mark.parametrize("batch_size", [1, 3, 5])
def test_every_pass_shows_each_sequence_once(batch_size):
    batches = training_batches(numbered_sequences(12), batch_size, seed=0)
    numbers = read(batches, 60 // batch_size)
    for start in range(0, 60, 12):
        assert sorted(numbers[start : start + 12]) == list(range(12))


def test_all_of_an_item_is_batched_by_name_in_the_same_order():
    frames = training_batches(numbered_sequences(12), 4, seed=0)
    items = training_batches(numbered_sequences(12), 4, seed=0, taken=None)
    for _ in range(4):
        batch = next(items)
        assert batch.keys() == {"frames", "labels"}
        np.testing.assert_array_equal(batch["frames"], next(frames))
        np.testing.assert_array_equal(batch["labels"], batch["frames"][:, 0, 0, 0, 0])


def test_every_pass_has_its_own_order_and_none_is_sorted():
    numbers = read(training_batches(numbered_sequences(12), 4, seed=0), 15)
    orders = {tuple(numbers[start : start + 12]) for start in range(0, 60, 12)}
    assert len(orders) == 5
    assert tuple(range(12)) not in orders


def test_order_is_the_seeds():
    first, same, other = (
        read(training_batches(numbered_sequences(12), 4, seed=seed), 6) for seed in (3, 3, 4)
    )
    assert first == same
    assert first[:12] != other[:12]


def test_order_is_that_of_any_batch_size():
    numbers = [
        read(training_batches(numbered_sequences(12), size, seed=0), 24 // size) for size in (2, 8)
    ]
    assert numbers[0] == numbers[1]


# Within the first pass, at its end, within the third, and with a batch reaching over an end.
@pytest.mark.parametrize("batch_size, num_read", [(4, 1), (4, 3), (4, 8), (5, 3)])
def test_restored_position_goes_on_exactly(batch_size, num_read):
    source = numbered_sequences(12)
    batches = training_batches(source, batch_size, seed=0)
    read(batches, num_read)
    state = copy.deepcopy(batches.get_state())
    expected = [next(batches) for _ in range(8)]
    restored = training_batches(source, batch_size, seed=0)
    restored.set_state(state)
    for batch in expected:
        np.testing.assert_array_equal(next(restored), batch)


def test_position_can_be_set_back_on_the_same_iterator():
    batches = training_batches(numbered_sequences(12), 4, seed=0)
    read(batches, 2)
    state = copy.deepcopy(batches.get_state())
    expected = read(batches, 5)
    batches.set_state(state)
    assert read(batches, 5) == expected


class Watched:
    """Numbered sequences that count how many were asked for."""

    def __init__(self, count: int):
        self.sequences, self.asked, self.changed = (
            numbered_sequences(count),
            0,
            threading.Condition(),
        )

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        with self.changed:
            self.asked += 1
            self.changed.notify()
        return self.sequences[index]

    def asked_for(self, number: int, seconds: float) -> bool:
        """Whether so many are asked for within a time."""
        with self.changed:
            return self.changed.wait_for(lambda: self.asked >= number, timeout=seconds)


def test_two_batches_are_made_while_the_caller_works_and_no_more():
    source = Watched(12)
    batches = training_batches(source, 4, seed=0)
    for taken in range(1, 9):
        next(batches)
        assert source.asked_for(4 * (taken + 2), seconds=60)  # though no batch is asked for
        assert not source.asked_for(4 * (taken + 2) + 1, seconds=0.02)
    restored = training_batches(numbered_sequences(12), 4, seed=0)
    restored.set_state(batches.get_state())  # of what was taken, whatever is made already
    assert read(restored, 5) == read(batches, 5)


@pytest.mark.parametrize("num_shards", [2, 3])
def test_shards_are_the_parts_of_the_same_batches(num_shards):
    """With random augmentation, over the ends of passes, and from a restored position."""

    def augment(item, generator):
        return item["frames"] + np.float32(generator.random())

    def batches(*part):
        names = dict(zip(("shard", "num_shards"), part))
        return training_batches(numbered_sequences(11), 6, 0, augment, **names)

    whole = batches()
    expected = [next(whole) for _ in range(8)]
    shards = [batches(shard, num_shards) for shard in range(num_shards)]
    for batch in expected[:4]:
        np.testing.assert_array_equal(np.concatenate([next(shard) for shard in shards]), batch)
    whole.set_state(shards[0].get_state())
    np.testing.assert_array_equal(next(whole), expected[4])


def test_shards_of_different_sizes_are_an_error():
    with pytest.raises(ValueError, match="batch_size=4: expected a multiple of num_shards=3"):
        training_batches(numbered_sequences(11), 4, 0, num_shards=3)


# A whole number of batches, a rest, less than a batch, and more asked for than there are.
@pytest.mark.parametrize("num_sequences, expected", [(6, 6), (5, 5), (2, 2), (1, 1), (99, 7)])
@pytest.mark.parametrize("ground_truth", [False, True])
def test_evaluation_batches_are_the_first_sequences_one_by_one(
    num_sequences, expected, ground_truth
):
    source = make_source(7, sequence_length=3, image_size=40)
    index = 0
    for count, batch in evaluation_batches(source, num_sequences, 3, ground_truth=ground_truth):
        for place in range(3):
            number = min(index + place, expected - 1)
            item = source.with_ground_truth(number) if ground_truth else source[number]
            assert batch.keys() == item.keys()
            for name in item:
                np.testing.assert_array_equal(batch[name][place], item[name], strict=True)
        assert count == min(3, expected - index)
        index += count
    assert index == expected
    assert ("flow" in batch) == ground_truth


def test_evaluation_batches_read_each_sequence_once():
    numbers = []

    class Noted:
        def __len__(self):
            return 5

        def __getitem__(self, index):
            numbers.append(index)
            return {"frames": np.zeros((2, 3, 4, 1), np.float32)}

    assert [count for count, _ in evaluation_batches(Noted(), 5, 4)] == [4, 1]
    assert numbers == [0, 1, 2, 3, 4]


def test_ground_truth_of_a_source_without_is_an_error():
    with pytest.raises(TypeError, match="list has no ground truth"):
        next(evaluation_batches(numbered_sequences(2), 2, 2, ground_truth=True))
