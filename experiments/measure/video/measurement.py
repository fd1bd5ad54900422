"""Measures a model on clips; `experiments.measure.video` says what is written."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.progress import Progress, say
from experiments.console.errors import UserError
from experiments.console.new_folder import check_new_folder, new_folder
from experiments.measure.video import MIN_FRAMES
from experiments.measure.video.clips import read_frames
from experiments.measure.video.moments import FlowMethod, Moment, moments
from experiments.measure.video.pictures import contact_sheet
from experiments.measure.video.scores import Row, all_clips_row, clip_row, moment_scores
from experiments.measure.video.tables import tables
from experiments.pictures.samples import png
from experiments.report.results_table import write_results
from experiments.run.provenance import environment
from vstm.inference.predictor import VideoPredictor

NUM_SHOWN = 4  # moments of a contact sheet


@dataclass(frozen=True)
class Options:
    """What of the clips is seen, and scored.

    Attributes:
      size: (H, W), to which frames are brought, pixels.
      start: number of the first frame seen of each clip.
      warm_up: frames seen at the first prediction scored.
      num_frames: scored of each clip, at most.
    """

    size: tuple[int, int]
    start: int
    warm_up: int
    num_frames: int


def measure(
    predictor: VideoPredictor,
    clips: Mapping[str, Path],
    output: Path,
    options: Options,
    methods: Mapping[str, FlowMethod],
    *,
    command: str,
    trained: Row,
    provenance: Mapping[str, Any],
) -> str:
    """Measures a model and writes everything into a folder; see the module.

    Args:
      predictor: the model.
      clips: paths by name.
      output: the folder, new or empty; there when all is written, see `new_folder`.
      options: see there.
      methods: classical flow by name, see `moments`.
      command: to be quoted in `results.md`.
      trained: what rows say of the model's training.
      provenance: what `measurement.json` shall say besides.

    Returns:
      The text of `results.md`.

    Raises:
      UserError: no clip can be scored, or an unusable folder.
      OSError: something cannot be written; the message names it.
      ValueError: the model cannot take frames of this size.
    """
    check_new_folder(output)
    say("compiling the model for frames of {}x{} pixels, height x width".format(*options.size))
    predictor.reset()
    predictor.step(np.zeros(options.size, np.uint8))
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    with (
        new_folder(output) as folder,
        Progress(len(clips), unit="clip", description="measuring") as progress,
    ):
        for name, path in clips.items():
            try:
                frames = _frames(path, options)
            except (OSError, ValueError) as error:
                left_out[name] = str(error).removeprefix(f"{path}: ")
                say(f"{name} is left out: {left_out[name]}")
            else:
                row, sheet = _measure_clip(predictor, name, frames, options, methods)
                rows.append(row)
                (folder / f"{name}.png").write_bytes(png(sheet))
            progress.advance()
        if not rows:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
            raise UserError(f"no clip can be scored; {reasons}")
        rows = [row | trained for row in (*rows, all_clips_row(rows))]
        text = tables(rows, left_out, command, _subject(options))
        write_results(folder, rows, text)
        facts = {
            **asdict(options),
            "left_out": left_out,
            "command": command,
            "model": predictor.model.config.to_fields(),
            **provenance,
            **environment(),
        }
        (folder / "measurement.json").write_text(json.dumps(facts, indent=2) + "\n")
    return text


def _frames(path: Path, options: Options) -> np.ndarray:
    count = options.warm_up + options.num_frames
    frames = read_frames(path, options.size, options.start, count)
    least = options.warm_up + MIN_FRAMES
    if len(frames) < least:
        raise ValueError(
            f"{path}: {options.start + len(frames)} frames; expected at least "
            f"{options.start + least} (start, warm-up and {MIN_FRAMES} to score)"
        )
    return frames


def _measure_clip(
    predictor: VideoPredictor,
    name: str,
    frames: np.ndarray,
    options: Options,
    methods: Mapping[str, FlowMethod],
) -> tuple[Row, np.ndarray]:
    """Row and contact sheet."""
    num_scored = len(frames) - options.warm_up
    chosen = np.linspace(0, num_scored - 1, NUM_SHOWN).round().astype(int)
    scored: list[dict[str, float]] = []
    shown: list[Moment] = []
    for i, moment in enumerate(
        moments(predictor, frames, start=options.start, warm_up=options.warm_up, methods=methods)
    ):
        scored.append(moment_scores(moment))
        if i in chosen:
            shown.append(moment)
    return clip_row(name, scored), contact_sheet(shown)


def _subject(options: Options) -> str:
    height, width = options.size
    return (
        f"Frames of {height}x{width} pixels, up to {options.num_frames} of each clip, after "
        f"{options.warm_up} from frame {options.start} on that are seen and not scored."
    )
