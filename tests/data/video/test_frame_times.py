from fractions import Fraction

import numpy as np
import pytest
from made_video import make_video

from data.video.files import VideoFile
from data.video.frame_times import DEFAULT_RATE, NO_STAMP, timing

MILLISECOND = Fraction(1, 1000)
RATES = ["24000/1001", "25", "30000/1001", "30", "60000/1001", "12.5", "15", "24"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mov"])
@pytest.mark.parametrize("rate", RATES)
def test_rates_are_exact(tmp_path, name, rate):
    frames = VideoFile(make_video(tmp_path / name, 30, rate=Fraction(rate)))
    assert frames.rate == Fraction(rate)
    assert isinstance(frames.rate, Fraction)
    assert frames.constant_rate is True
    np.testing.assert_allclose(frames.times, np.arange(30) / float(Fraction(rate)), atol=1.1e-3)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("clock", [MILLISECOND, Fraction(1, 90_000), Fraction(1, 12_800)])
def test_rates_are_found_in_rounded_stamps_that_no_container_explains(rate, clock):
    stamps = [7 + round(n / Fraction(rate) / clock) for n in range(2000)]
    found = timing(np.array(stamps), clock, [None, Fraction(29)])
    assert (found.rate, found.constant_rate) == (Fraction(rate), True)


def test_a_rate_that_nobody_uses_is_measured():
    found = timing(np.arange(0, 900, 9), Fraction(1, 100), [])
    assert (found.rate, found.constant_rate) == (Fraction(100, 9), True)


def test_a_variable_rate_is_the_mean_and_not_constant(tmp_path):
    times = [0, 33, 66, 100, 166, 200, 300, 334, 500]
    frames = VideoFile(make_video(tmp_path / "a.mkv", len(times), times=times))
    assert frames.constant_rate is False
    np.testing.assert_allclose(float(frames.rate), 8 / 0.5, rtol=1e-3)
    np.testing.assert_allclose(frames.times, np.array(times) / 1000, atol=2e-3)


def test_jitter_that_skips_no_frame_keeps_the_containers_rate():
    """Stamps of milliseconds, carried over to a finer clock."""
    rate = Fraction(30000, 1001)
    stamps = np.array([16 * round(1000 * n / rate) for n in range(500)])
    found = timing(stamps, Fraction(1, 16_000), [rate])
    assert (found.rate, found.constant_rate) == (rate, False)
    np.testing.assert_allclose(found.times, np.arange(500) / float(rate), atol=5.1e-4)


def test_numbers_of_a_measured_rate_fit_a_container():
    stamps = np.cumsum(np.random.default_rng(0).integers(30_000_000, 40_000_000, 100_000))
    found = timing(stamps, Fraction(1, 1_000_000_000), [])
    np.testing.assert_allclose(float(found.rate), 1e9 * 99_999 / (stamps[-1] - stamps[0]))
    assert max(found.rate.numerator, found.rate.denominator) < 2**31


@pytest.mark.parametrize(
    "stamps",
    [
        [0, 1, NO_STAMP, 3],
        [0, 1, 1, 2],
        [0, 0, 0, 0],
        [5],
        [0, 1 << 40],
        [-(2**62) - 5, 2**62 + 9],
    ],
)
def test_stamps_that_cannot_be_give_the_containers_rate_or_the_default(stamps):
    for rates, rate in (([], DEFAULT_RATE), ([Fraction(0), Fraction(24)], 24)):
        found = timing(np.array(stamps), MILLISECOND, rates)
        assert (found.rate, found.constant_rate) == (rate, True)
        np.testing.assert_allclose(found.times, np.arange(len(stamps)) / float(rate))
