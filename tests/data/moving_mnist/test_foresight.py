import numpy as np
import pytest

from data.moving_mnist.digits import DIGIT_SIZE
from data.moving_mnist.foresight import foresee
from data.moving_mnist.generator import _bounce

FREE, STEP = 36, 0.1


def drawn_paths(num, length, seed):
    """Whole pixels of the generator's own paths, [num, length, 2]."""
    generator = np.random.default_rng(seed)
    start, angle = generator.random((num, 2)), 2 * np.pi * generator.random(num)
    velocity = STEP * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (_bounce(start, velocity, length) * FREE).astype(int).swapaxes(0, 1)


def test_probabilities_are_the_shares_of_paths_that_were_seen_alike():
    tau, ahead = 2, 2
    paths = drawn_paths(200_000, tau + ahead, seed=0)
    seen, counts = np.unique(paths[:, :tau].reshape(len(paths), -1), axis=0, return_counts=True)
    for path in seen[np.argsort(counts)[-3:]].reshape(-1, tau, 2):
        alike = paths[(paths[:, :tau] == path).all(axis=(1, 2)), tau:]
        shares = np.zeros((ahead, FREE + 1, FREE + 1))
        for n in range(ahead):
            np.add.at(shares[n], tuple(alike[:, n].T), 1 / len(alike))
        foreseen = foresee(path, ahead, step=STEP, free=FREE)
        np.testing.assert_allclose(foreseen.sum(axis=(1, 2)), 1)
        deviation = np.sqrt(foreseen * (1 - foreseen) / len(alike))
        assert (np.abs(foreseen - shares) <= 4.5 * deviation + 0.01).all()


def test_what_comes_is_possible_and_mostly_foreseen_after_ten_frames():
    paths = drawn_paths(30, 12, seed=1)
    found = np.array([foresee(path[:10], 2, step=STEP, free=FREE) for path in paths])
    of_true = [[found[i, n][tuple(path[10 + n])] for n in range(2)] for i, path in enumerate(paths)]
    assert np.min(of_true) > 0
    assert np.mean(of_true) > 0.6  # a uniform guess among neighbours would have 0.1


def test_from_the_border_a_path_goes_back_as_it_came():
    """At x = 36 it was stopped; 33 after that says that it moves by 2 to 3 pixels a frame."""
    foreseen = foresee(np.array([[FREE, 10], [33, 12]]), 1, step=STEP, free=FREE)[0]
    assert set(np.argwhere(foreseen)[:, 0]) == {30, 31}


def test_a_path_of_another_speed_is_refused():
    seen = np.array([[0, 10], [30, 10], [0, 10]])
    with pytest.raises(ValueError, match=r"no path of 3\.6 pixels a frame agrees with \[\[0, 10\]"):
        foresee(seen, 1, step=STEP, free=FREE)


def test_the_free_path_is_what_a_digit_leaves_of_the_frame():
    assert FREE == 64 - DIGIT_SIZE
