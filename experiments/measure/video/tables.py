"""The rows of `experiments.measure.video.scores` as Markdown: over all clips, then clip by clip."""

from collections.abc import Mapping, Sequence

from experiments.measure.video.scores import MIN_STILL, YARDSTICK, Row
from experiments.report.results_table import markdown_rows

TITLES = {"ours": "ours", "dis": "DIS", "farneback": "Farneback"}
"""Of the predictions that have a flow."""


def tables(rows: Sequence[Row], left_out: Mapping[str, str], command: str, subject: str) -> str:
    """What `results.md` holds.

    Args:
      rows: of clips, and over all as the last.
      left_out: why, by clip.
      command: that made them.
      subject: a sentence on frames and clips.
    """
    *clips, total = rows
    parts = [
        f"Written by `{command}`. {subject}\n",
        markdown_rows([_over_all(total, name) for name in TITLES]),
        f"The squared error of ours is {_text(total['ours_to_better'])} of the better of a copy "
        f"and {TITLES[YARDSTICK]} (geometric mean). It is above the copy's on "
        f"{total['worse_than_copy']} of {len(clips)} clips, and above the better's on "
        f"{total['worse_than_better']}.\n",
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
        "next frame and flow by": f"{TITLES[name]}{', carried on' * (name != 'ours')}",
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
        "error, copy": _text(row["error_copy"]),
        **{f"error, {title}": _text(row[f"error_{name}"]) for name, title in TITLES.items()},
        "ours to copy": _text(row["ours_to_copy"]),
        "ours to better of copy and DIS": _text(row["ours_to_better"]),
        "motion, px": _text(row["length_reference"]),
        **{
            f"flow distance, {title}": _text(row[f"{name}_to_zero"])
            for name, title in TITLES.items()
        },
        "still": f"{row['still']:.1%}",
        **{
            f"still flow, {title}, px": _text(row[f"still_{name}"])
            for name, title in TITLES.items()
        },
    }


def _text(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return "-"
    return f"{value:#.3g}" if value >= 1e-3 or value == 0 else f"{value:.2e}"
