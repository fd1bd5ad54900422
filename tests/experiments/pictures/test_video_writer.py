import resource
from fractions import Fraction

import av
import numpy as np
import pytest

from experiments.pictures.video_writer import TICKS, VideoWriter, ticks_a_second


def noise(number, size=(48, 64)):
    return np.random.default_rng(number).integers(0, 256, size).astype(np.uint8)


def written(path, times, rate):
    """Times and mean rate of the file, exact."""
    times = np.asarray(times, np.float64)
    with VideoWriter(path, rate, ticks_a_second(times, rate)) as writer:
        for number, time in enumerate(times):
            writer.write(noise(number), time)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        return [frame.pts * frame.time_base for frame in frames], stream.average_rate


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "25", "25/2", "19001/634", "144"])
@pytest.mark.parametrize("kind", [Fraction, float])
def test_constant_rates_are_exact(tmp_path, rate, kind):
    rate = Fraction(rate)
    times = [number / rate for number in range(40)]
    assert written(tmp_path / "a.mp4", times, kind(rate)) == (times, rate)


def test_variable_times_are_exact_to_the_millisecond(tmp_path):
    milliseconds = [0, 40, 55, 300, 310, 901]
    times, _ = written(tmp_path / "a.mp4", [m / 1000 for m in milliseconds], 5 / 0.901)
    assert times == [Fraction(m, 1000) for m in milliseconds]


def test_frames_that_share_a_time_follow_each_other(tmp_path):
    times, _ = written(tmp_path / "a.mp4", [0, 0.5, 0.5, 1], 3)
    assert times == [0, Fraction(1, 2), Fraction(1, 2) + Fraction(1, TICKS), 1]


def test_odd_sizes_are_filled_up(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 30) as writer:
        writer.write(np.zeros((7, 9), np.uint8), 0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="gray")
    assert frame.shape == (8, 10)
    assert frame[:7, :9].max() < 60 < frame[7].min()


@pytest.mark.parametrize("limit", [0, 40, 60_000])
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path, limit):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))  # Python ignores the signal
    try:
        with (
            pytest.raises(OSError, match=r"a.mp4: cannot be written \(File too large\)"),
            VideoWriter(tmp_path / "a.mp4", 30) as writer,
        ):
            for number in range(100):
                writer.write(noise(number), number / 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_cannot_be_encoded_is_an_error_that_names_the_file(tmp_path):
    with (
        pytest.raises(OSError, match=r"a.mp4: cannot be written"),
        VideoWriter(tmp_path / "a.mp4", 30) as writer,
    ):
        writer.write(np.zeros((20, 20_000), np.uint8), 0)
    with (
        pytest.raises(OSError, match=r"nowhere/a.mp4: cannot be written \(No such file"),
        VideoWriter(tmp_path / "nowhere" / "a.mp4", 30) as writer,
    ):
        writer.write(noise(0), 0)


def test_after_another_error_nothing_more_is_written(tmp_path):
    with pytest.raises(KeyError), VideoWriter(tmp_path / "a.mp4", 30) as writer:
        writer.write(noise(0), 0)  # which the encoder holds back
        raise KeyError
    assert not (tmp_path / "a.mp4").exists()
