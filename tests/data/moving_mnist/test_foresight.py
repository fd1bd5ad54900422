import numpy as np
import pytest

from data.moving_mnist.foresight import foresee
from data.moving_mnist.generator import _bounce

FREE, STEP = 36, 0.1


def generated(start, angle, length):
    """Whole pixels of the generator's own paths, int [num, length, 2]."""
    velocity = STEP * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (_bounce(start, velocity, length) * FREE).astype(int).swapaxes(0, 1)


def drawn(num, length, seed):
    generator = np.random.default_rng(seed)
    return generated(generator.random((num, 2)), 2 * np.pi * generator.random(num), length)


def total_variation(a, b):
    return 0.5 * np.abs(a - b).sum()


def test_probabilities_are_the_shares_of_paths_that_were_seen_alike():
    """Two frames at the border, where paths turn, and two frames to come."""
    paths = drawn(400_000, 4, seed=0)
    for path in ([[0, 0], [0, 3]], [[36, 36], [33, 33]], [[0, 36], [0, 32]]):
        alike = paths[(paths[:, :2] == path).all(axis=(1, 2)), 2:]
        assert len(alike) > 100
        foreseen = foresee(np.array(path), 2, step=STEP, free=FREE)
        for n in range(2):
            shares = np.zeros((FREE + 1, FREE + 1))
            np.add.at(shares, tuple(alike[:, n].T), 1 / len(alike))
            assert foreseen[n].sum() == pytest.approx(1)
            # of so many draws from k places, at most sqrt(k / n) / 2 is expected, by Cauchy-Schwarz
            expected = 0.5 * (np.count_nonzero(foreseen[n]) / len(alike)) ** 0.5
            assert total_variation(foreseen[n], shares) < 1.5 * expected


def without_border(seen):
    """Next place of paths that meet no border: of the starts, intervals agree."""
    times = np.arange(1, len(seen) + 1)
    probabilities = np.zeros((FREE + 1, FREE + 1))
    for angle in 2 * np.pi * (np.arange(100_000) + 0.5) / 100_000:
        lengths = []
        for pixels, velocity in zip(seen.T, FREE * STEP * np.array([np.cos(angle), np.sin(angle)])):
            low, high = (pixels - times * velocity).max(), (pixels + 1 - times * velocity).min()
            if high <= low:
                break
            ends = np.array([low, high]) + (times[-1] + 1) * velocity
            cut = np.unique([*ends, *np.arange(np.ceil(ends[0]), ends[1])])
            lengths.append(zip(np.floor(cut[:-1]).astype(int), np.diff(cut), strict=True))
        else:
            x, y = (list(each) for each in lengths)
            for (i, wide), (j, high) in ((a, b) for a in x for b in y):
                probabilities[i, j] += wide * high
    return probabilities / probabilities.sum()


@pytest.mark.parametrize("angle", [0.3, 2.2, 4.0])
def test_after_seven_frames_they_are_those_of_exact_integrals(angle):
    start = np.array([[0.5 - 0.4 * np.cos(angle), 0.5 - 0.4 * np.sin(angle)]])
    seen = generated(start, np.array([angle]), 7)[0]
    found = foresee(seen, 1, step=STEP, free=FREE)[0]
    assert total_variation(found, without_border(seen)) < 0.005


def test_what_comes_is_possible():
    for path in drawn(30, 12, seed=1):
        foreseen = foresee(path[:10], 2, step=STEP, free=FREE)
        assert all(foreseen[n][tuple(path[10 + n])] > 0 for n in range(2))


def test_from_the_border_a_path_goes_back_as_it_came():
    """At x = 36 it was stopped; 33 after that says that it moves by 2 to 3 pixels a frame."""
    foreseen = foresee(np.array([[FREE, 10], [33, 12]]), 1, step=STEP, free=FREE)[0]
    assert set(np.argwhere(foreseen)[:, 0]) == {30, 31}


def test_a_path_of_another_speed_is_refused():
    seen = np.array([[0, 10], [30, 10], [0, 10]])
    with pytest.raises(ValueError, match=r"no path of 3\.6 pixels a frame was found that shows at"):
        foresee(seen, 1, step=STEP, free=FREE)
