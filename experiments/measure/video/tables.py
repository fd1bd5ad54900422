"""The rows of `experiments.measure.video.scores` as Markdown: over all clips, then clip by clip."""

from collections.abc import Mapping, Sequence

from experiments.measure.video.scores import MIN_STILL, YARDSTICK, Row
from experiments.report.results_table import markdown_rows

PREDICTIONS = {"ours": "ours", "dis": "DIS, carried on", "farneback": "Farneback, carried on"}
"""Titles of the predictions that have a flow."""


def tables(rows: Sequence[Row], left_out: Mapping[str, str], command: str, subject: str) -> str:
    """What `results.md` holds.

    Args:
      rows: of clips, and over all as the last.
      left_out: why, by clip.
      command: that made them.
      subject: a sentence on frames and clips.
    """
    *clips, total = rows
    yardstick = PREDICTIONS[YARDSTICK]
    parts = [
        f"Written by `{command}`. {subject}\n",
        markdown_rows([_over_all(total, name) for name in PREDICTIONS]),
        f"The squared error of ours is {_text(total['ours_to_better'])} of the better of a copy "
        f"and {yardstick} (geometric mean). It is above the copy's on {total['worse_than_copy']} "
        f"of {len(clips)} clips, and above the better's on {total['worse_than_better']}.\n",
        markdown_rows([_of_clip(row) for row in rows]),
        "Ratios have a floor in numerator and denominator, and their mean over clips is the "
        "geometric one. `motion` is the mean length of the DIS flow between the last frame and the "
        "next, which sees both; distances are to it. Duplicates, frames that repeat the last one, "
        "count like others. Flow where nothing moves is of clips with at least "
        f"{MIN_STILL:.0%} of such pixels.\n",
    ]
    if left_out:
        parts.append(f"Left out: {'; '.join(f'{name} ({why})' for name, why in left_out.items())}.")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _over_all(total: Row, name: str) -> dict[str, str]:
    return {
        "next frame and flow by": PREDICTIONS[name],
        "squared error to a copy's": _text(total[f"{name}_to_copy"]),
        "distance of the flow to zero flow's": _text(total[f"{name}_to_zero"]),
        "the same, of sums over clips": _text(total[f"{name}_to_zero_of_sums"]),
        "flow where nothing moves, px": _text(total[f"still_{name}"]),
    }


def _of_clip(row: Row) -> dict[str, str]:
    return {
        "clip": row["clip"],
        "frames": str(row["frames"]),
        "duplicates": f"{row['duplicates']:.0%}",
        "squared error, ours": _text(row["error_ours"]),
        "copy": _text(row["error_copy"]),
        "DIS": _text(row["error_dis"]),
        "Farneback": _text(row["error_farneback"]),
        "ours to copy": _text(row["ours_to_copy"]),
        "ours to better of copy and DIS": _text(row["ours_to_better"]),
        "motion, px": _text(row["length_reference"]),
        "distance of the flow to zero flow's, ours": _text(row["ours_to_zero"]),
        "DIS ": _text(row["dis_to_zero"]),
        "Farneback ": _text(row["farneback_to_zero"]),
        "still": f"{row['still']:.1%}",
        "flow there, px, ours": _text(row["still_ours"]),
        "DIS  ": _text(row["still_dis"]),
    }


def _text(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return "-"
    return f"{value:#.3g}" if value >= 1e-3 or value == 0 else f"{value:.2e}"
