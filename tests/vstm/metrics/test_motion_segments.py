from itertools import combinations

import numpy as np
import pytest

from vstm.metrics.motion_segments import adjusted_rand_index, motion_segments


def test_segments_separate_still_pixels_and_two_noisy_motions():
    generator = np.random.default_rng(0)
    truth = generator.integers(3, size=(20, 30))
    motions = np.array([[0, 0], [3.0, 1.0], [-2.0, 2.0]])
    flow = motions[truth] + 0.1 * generator.normal(size=(20, 30, 2))
    labels = motion_segments(flow, threshold=1.0, num_motions=2)
    assert ((labels == 0) == (truth == 0)).all()
    assert len(np.unique(labels[truth == 1])) == len(np.unique(labels[truth == 2])) == 1
    assert adjusted_rand_index(labels, truth) == 1


def test_segments_of_few_and_of_no_moving_pixels():
    assert not motion_segments(np.zeros((4, 5, 2)), threshold=0.5, num_motions=2).any()
    flow = np.zeros((4, 5, 2))
    flow[1, 2] = 3
    labels = motion_segments(flow, threshold=0.5, num_motions=2)
    assert labels[1, 2] > 0 and (labels > 0).sum() == 1


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_rand_index_is_the_pairs_that_agree_beyond_chance(seed):
    generator = np.random.default_rng(seed)
    ours, theirs = generator.integers(3, size=(2, 12))
    theirs = np.where(generator.random(12) < 0.5, ours, theirs)
    pairs = list(combinations(range(12), 2))
    together = sum(ours[i] == ours[j] and theirs[i] == theirs[j] for i, j in pairs)
    in_ours = sum(ours[i] == ours[j] for i, j in pairs)
    in_theirs = sum(theirs[i] == theirs[j] for i, j in pairs)
    chance = in_ours * in_theirs / len(pairs)
    expected = (together - chance) / ((in_ours + in_theirs) / 2 - chance)
    np.testing.assert_allclose(adjusted_rand_index(ours, theirs), expected)


def test_adjusted_rand_index_at_its_ends():
    labels = np.array([[0, 0, 1], [1, 2, 2]])
    assert adjusted_rand_index(labels, 7 - labels) == 1
    assert adjusted_rand_index(np.zeros(6, int), np.ones(6, int)) == 1
    assert adjusted_rand_index(np.zeros(6, int), np.arange(6)) == 0
