"""Final evaluations: `eval_<split>.json` and `samples_<split>.png` in a run's folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.files.json_files import parse_json
from data.sources import Source
from experiments.configs.config import Config, options_of
from experiments.console.errors import UserError
from experiments.console.reading import number, numbers, reading
from experiments.measure.evaluation import Predict, evaluate, samples
from experiments.measure.paper import paper_reference
from experiments.pictures.samples import png
from experiments.run.lock import Lock
from experiments.run.provenance import made_by, trained_by
from experiments.run.results import result_file, result_text, write_file
from vstm.metrics import METRICS

_NAMES = {
    "constant_mean": "constant mean",
    "copy_last": "copy of the last frame",
    "true_flow_warp": "last frame, true flow",
}
_NAME_WIDTH, _WIDTH = 24, 12  # of a table's columns


@dataclass(frozen=True)
class FinalEvaluation:
    """How a run is evaluated, and what its evaluations say of it.

    Attributes:
      folder: of the run.
      variant: name of the architecture that its network began with.
      network: its network, field by field, see `ModelConfig.to_fields`.
      loss: that the model was trained by.
      sequences_an_update: that it was trained on.
      tau: frames fed in.
      batch_size: sequences predicted at once.
      num_validation: validation sequences to evaluate on, at most.
      num_test: test sequences, at most.
      paper: the paper's test score of such a run, see `paper_reference`.
    """

    folder: Path
    variant: str
    network: Mapping[str, Any]
    loss: str
    sequences_an_update: int
    tau: int
    batch_size: int
    num_validation: int
    num_test: int
    paper: Mapping[str, float] | None

    @classmethod
    def of_run(cls, config: Config, folder: Path) -> "FinalEvaluation":
        """That of a run of a resolved configuration, when it ends or later."""
        return cls(
            folder,
            variant=config.variant,
            network=options_of(config, "model").to_fields(),
            loss=config.loss,
            sequences_an_update=config.train.batch_size,
            tau=config.tau,
            batch_size=config.evaluation.batch_size,
            num_validation=min(config.evaluation.num_validation, config.data.num_validation),
            num_test=min(config.evaluation.num_test, config.data.num_test),
            paper=paper_reference(config),
        )

    def rehearse(self, predict: Predict, sources: Mapping[str, Source]) -> None:
        """Evaluates on a sequence of each split, writing nothing: what fails at the end fails now.

        Raises:
          UserError: see `evaluate_split`.
        """
        for split, source in sources.items():
            result, *_ = self._result(predict, split, source, 0, num_sequences=1, constant=0.5)
            table(result)

    def evaluate_split(
        self,
        predict: Predict,
        split: str,
        source: Source,
        step: int,
        constant: float,
        lock: Lock,
    ) -> dict[str, Any]:
        """Evaluates and writes `eval_<split>.json` and `samples_<split>.png`.

        Args:
          predict: the model, see `make_predict`.
          split: as in the files' names.
          source: its sequences; the published ones are taken whole.
          step: update after which the model is evaluated.
          constant: intensity that the constant baseline predicts.
          lock: on the folder.

        Returns:
          What `eval_<split>.json` holds: what the run is, the scores of `evaluate`, and where they
          come from.

        Raises:
          UserError: a sequence cannot be read, a score is not finite, a file cannot be written, or
            the folder is no longer the one that is locked.
        """
        num_sequences = len(source) if split == "published" else self._num_sequences(split)
        result, text, picture = self._result(predict, split, source, step, num_sequences, constant)
        lock.check()
        write_file(result_file(self.folder, "samples", split), picture)
        write_file(result_file(self.folder, "eval", split), text)
        return result

    def current(self, split: str, step: int) -> dict[str, Any] | None:
        """The evaluation that `evaluate_split` would write, if it exists already.

        None where there is none, or one of another update or number of sequences.
        """
        result = read_evaluation(self.folder, split)
        if result is None or result.get("step") != step:
            return None
        # Evaluations older than this field had as many sequences as were asked for, or as there
        # are.
        at_most = result.get("num_sequences_at_most", result.get("num_sequences"))
        return result if at_most == self._num_sequences(split) else None

    def _num_sequences(self, split: str) -> int:
        return self.num_validation if split == "validation" else self.num_test

    def _result(
        self,
        predict: Predict,
        split: str,
        source: Source,
        step: int,
        num_sequences: int,
        constant: float,
    ) -> tuple[dict[str, Any], str, bytes]:
        """An evaluation, the same as JSON, and the picture of its samples."""
        scores = evaluate(
            predict,
            source,
            tau=self.tau,
            batch_size=self.batch_size,
            num_sequences=num_sequences,
            constant=constant,
            description=f"evaluating {split}",
        )
        result = {
            "split": split,
            "variant": self.variant,
            "network": self.network,
            "loss": self.loss,
            "step": step,
            "sequences_trained": step * self.sequences_an_update,
            "num_sequences_at_most": num_sequences,
            **scores,
            "paper": self.paper if split == "test" else None,
            **made_by(),
            **trained_by(self.folder),
        }
        text = result_text(result_file(self.folder, "eval", split), result)
        picture = samples(predict, source, tau=self.tau, batch_size=self.batch_size)
        return result, text, png(picture)


def read_evaluation(folder: Path, split: str) -> dict[str, Any] | None:
    """What `FinalEvaluation.evaluate_split` wrote; None where it is missing or damaged."""
    path = result_file(folder, "eval", split)
    try:
        with reading(path, "an evaluation"):
            result = parse_json(path)
            if result["split"] != split or not isinstance(result["variant"], str):
                return None
            for name in ("step", "num_sequences", "sequences_trained"):
                number(result[name])
            for name in ("model", *_NAMES, "paper"):
                if result[name] is not None or name == "model":
                    numbers(result[name])
            return result
    except UserError:
        return None


def table(result: Mapping[str, Any]) -> str:
    """An evaluation as text, the paper's number beside it where it has one."""
    rows = {name: result[key] for key, name in _NAMES.items() if result[key] is not None}
    rows = {result["variant"]: result["model"], **rows}
    if result["paper"]:
        rows["paper, test"] = result["paper"]
    titles = "".join(f"{metric.title:>{_WIDTH}}" for metric in METRICS.values())
    lines = [
        f"{result['split']}: {result['num_sequences']} sequences, after "
        f"{result['sequences_trained']} training sequences",
        " " * _NAME_WIDTH + titles,
    ]
    for name, scores in rows.items():
        cells = [
            _number(scores.get(metric_name), metric.digits)
            for metric_name, metric in METRICS.items()
        ]
        lines.append(f"{name:{_NAME_WIDTH}}" + "".join(cells))
    return "\n".join(lines)


def _number(value: float | None, digits: int) -> str:
    return f"{'-':>{_WIDTH}}" if value is None else f"{value:{_WIDTH}.{digits}f}"
