"""Final evaluations: `eval_<split>.json` and `samples_<split>.png` in a run's folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.measure.evaluation import Predict, evaluate, samples
from experiments.measure.paper import paper_reference
from experiments.measure.scores import mean_intensity, table
from experiments.pictures.samples import png
from experiments.run.build import Source
from experiments.run.folder import evaluation_file, write_file
from experiments.run.provenance import current_commit, device, trained_by


def _num_sequences(config: Config, split: str) -> int:
    """How many to evaluate on in the end, at most."""
    own = "validation" if split == "validation" else "test"
    return min(config.evaluation[f"num_{own}"], config.data[f"num_{own}"])


def rehearse(
    config: Config, folder: Path, predict: Predict, params: Any, sources: Mapping[str, Source]
) -> None:
    """Evaluates on a sequence of each split, writing nothing: what fails at the end fails now.

    Raises:
      UserError: see `evaluate_split`.
    """
    for split, source in sources.items():
        result, *_ = _result(config, folder, predict, params, 0, split, source, 1, constant=0.5)
        table(result)


def evaluate_split(
    config: Config,
    folder: Path,
    predict: Predict,
    params: Any,
    step: int,
    split: str,
    source: Source,
) -> dict[str, Any]:
    """Evaluates and writes `eval_<split>.json` and `samples_<split>.png`; returns the former.

    Raises:
      UserError: a sequence cannot be read, or a file cannot be written.
    """
    # The published set is always taken whole.
    num_sequences = len(source) if split == "published" else _num_sequences(config, split)
    constant = mean_intensity(config)
    result, text, picture = _result(
        config, folder, predict, params, step, split, source, num_sequences, constant
    )
    write_file(folder / f"samples_{split}.png", picture)
    write_file(evaluation_file(folder, split), text)
    return result


def _result(
    config: Config,
    folder: Path,
    predict: Predict,
    params: Any,
    step: int,
    split: str,
    source: Source,
    num_sequences: int,
    constant: float,
) -> tuple[dict[str, Any], str, bytes]:
    """An evaluation, the same as JSON, and the picture of its samples."""
    scores = evaluate(
        config,
        predict,
        params,
        source,
        num_sequences,
        constant,
        description=f"evaluating {split}",
    )
    result = {
        "split": split,
        "variant": config.variant,
        "loss": config.loss,
        "step": step,
        "sequences_trained": step * config.train.batch_size,
        "num_sequences_at_most": num_sequences,
        **scores,
        "paper": paper_reference(config) if split == "test" else None,
        "commit": current_commit(),
        "device": device(),
        **trained_by(folder),
    }
    try:
        text = json.dumps(result, indent=2, allow_nan=False)
    except ValueError as error:
        raise UserError(f"{folder}: the scores on {split} are not finite ({error})") from error
    return result, text + "\n", png(samples(config, predict, params, source))


def read_evaluation(folder: Path, split: str) -> dict[str, Any] | None:
    """What `evaluate_split` wrote; None where it is missing or damaged."""
    try:
        result = json.loads(evaluation_file(folder, split).read_text())
        return result if result["split"] == split else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def current_evaluation(
    config: Config, folder: Path, split: str, step: int
) -> dict[str, Any] | None:
    """The evaluation that `evaluate_split` would write, where it is there already.

    None where there is none, or one of another update or number of sequences.
    """
    result = read_evaluation(folder, split)
    if result is None or result.get("step") != step:
        return None
    # Evaluations older than this field had as many sequences as were asked for, or as there are.
    at_most = result.get("num_sequences_at_most", result.get("num_sequences"))
    return result if at_most == _num_sequences(config, split) else None
