"""Checks of options: each refuses a value with a ValueError that begins with the option's name."""

from collections.abc import Sequence


def check_range(name: str, value: float, least: float, most: float | None = None) -> None:
    """Refuses a number outside [least, most], or below `least` where `most` is None; and NaN.

    Raises:
      ValueError: as in `num_digits: expected 1 to 255, got 0`.
    """
    if not (value >= least and (most is None or value <= most)):
        allowed = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name}: expected {allowed}, got {value}")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuses what is none of the choices.

    Raises:
      ValueError: as in `speed: expected one of constant, drawn, got 'fast'`.
    """
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
