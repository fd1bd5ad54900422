"""Times and rate of frames, from a container's time stamps and headers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

DEFAULT_RATE = Fraction(30)  # frames per second, where there are no plausible times
NO_STAMP = np.iinfo(np.int64).min
_PLAUSIBLE_RATES = (Fraction(1, 10), Fraction(1000))
_USUAL_RATES = (
    *(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)),
    *(Fraction(n) for n in (5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(15, 2), Fraction(25, 2)),
)
_SAME_RATE = 1e-4  # relative; 30 and 30000/1001 are ten times as far apart
_MAX_DENOMINATOR = 1_000_000  # numerators stay below 2^31, as containers hold them


@dataclass(frozen=True)
class Timing:
    """Times of a video's frames.

    Attributes:
      times: float64 [T], seconds from the first frame, ascending.
      rate: mean number of frames per second; exact where frames are equally spaced, such as
        30000/1001.
      constant_rate: whether all frames are equally spaced, to within a tick of the container's
        clock.
    """

    times: np.ndarray
    rate: Fraction
    constant_rate: bool


def equally_spaced(num_frames: int, rate: Fraction = DEFAULT_RATE) -> Timing:
    """Times of frames at a rate."""
    return Timing(np.arange(num_frames) / float(rate), rate, True)


def timing(
    stamps: np.ndarray, clock: Fraction | None, container_rates: Sequence[Fraction | None]
) -> Timing:
    """Times of frames from their stamps, in whatever order these come.

    Where stamps are missing, equal, or of an implausible rate, frames come at the container's rate,
    or at `DEFAULT_RATE`.

    Args:
      stamps: int64 [T], ticks; `NO_STAMP` where there is none.
      clock: seconds a tick; None if unknown.
      container_rates: rates that the container claims, the best guess first; None: unknown.
    """
    rates = [_usual(rate) for rate in container_rates if rate and _is_plausible(rate)]
    fallback = equally_spaced(len(stamps), rates[0] if rates else DEFAULT_RATE)
    ticks = np.sort(stamps)
    if len(stamps) < 2 or not clock or ticks[0] == NO_STAMP or (np.diff(ticks) <= 0).any():
        return fallback
    ticks -= ticks[0]
    if ticks[-1] <= 0:  # too far apart to count
        return fallback
    measured = (len(ticks) - 1) / (int(ticks[-1]) * Fraction(clock))
    if not _is_plausible(measured):
        return fallback
    measured = _usual(measured.limit_denominator(_MAX_DENOMINATOR))
    times = ticks * float(clock)
    usual = sorted(_USUAL_RATES, key=lambda rate: abs(rate - measured))
    for rate in (*rates, *usual, measured):
        if _spread(ticks, rate * clock) <= 1 + 1e-6:
            return Timing(times, rate, True)
    # Stamps that were rounded on their way through another container, or jitter, but skip none.
    for rate in rates:
        if _spread(ticks, rate * clock) * rate * clock < 1:
            return Timing(times, rate, False)
    return Timing(times, measured, False)


def _is_plausible(rate: Fraction) -> bool:
    return _PLAUSIBLE_RATES[0] <= rate <= _PLAUSIBLE_RATES[1]


def _usual(rate: Fraction) -> Fraction:
    """The nearest usual rate, if close; Matroska makes 19001/634 of 30000/1001."""
    nearest = min(_USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest - rate) <= _SAME_RATE * rate else rate


def _spread(ticks: np.ndarray, frames_a_tick: Fraction) -> float:
    """Range, in ticks, of the stamps' deviations from equal spacing."""
    return float(np.ptp(ticks - np.arange(len(ticks)) / float(frames_a_tick)))
