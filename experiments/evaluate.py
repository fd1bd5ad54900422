r"""Evaluates a trained run, with the baselines on the same sequences.

    python -m experiments.evaluate --workdir=runs/x --split=test
    python -m experiments.evaluate --workdir=runs/x --split=published \
        --published_test_set=mnist_test_seq.npy
    python -m experiments.evaluate --workdir=runs/video --split=prepared --prepared=prepared/prost

Writes `eval_<split>.json` and `samples_<split>.png` into the run's folder (the split of another
prepared folder is called `prepared_<folder>`) and prints a table.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.measure import SPLITS
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)
_SPLIT = flags.DEFINE_enum(
    "split", "test", SPLITS, "Which sequences to evaluate on.", flag_values=_FLAGS
)
_PUBLISHED = flags.DEFINE_string(
    "published_test_set", "", "Path of mnist_test_seq.npy.", flag_values=_FLAGS
)
_PREPARED = flags.DEFINE_string(
    "prepared", "", "Another prepared folder, to be tested on.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from data.sources import Source
    from experiments.configs.config import read_json
    from experiments.measure.evaluation import make_predict, mean_intensity
    from experiments.measure.final_evaluation import FinalEvaluation, table
    from experiments.run import build
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE
    from experiments.run.lock import locked

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    split = _SPLIT.value
    for name, flag in {"published": _PUBLISHED, "prepared": _PREPARED}.items():
        if split == name and not flag.value:
            raise UserError(f"--split={name}: --{flag.name} is missing: {_FLAGS[flag.name].help}")
        if split != name and flag.value:
            raise UserError(f"--{flag.name}: is for --split={name}, not for --split={split}")
    source: Source
    if split == "published":
        source = build.published_test_set(config, _PUBLISHED.value)
    elif split == "prepared":
        source = build.prepared_test_set(config, _PREPARED.value)
        split = f"prepared_{Path(_PREPARED.value).resolve().name}"
    else:
        source = build.source(config, split)
    with locked(folder) as lock:
        params, step = trained_params(config, folder)
        predict = make_predict(build.make_model(config))(params)
        constant = mean_intensity(build.source(config, "train"), config.tau)
        evaluation = FinalEvaluation.of_run(config, folder)
        result = evaluation.evaluate_split(predict, split, source, step, constant, lock)
    print(table(result))


if __name__ == "__main__":
    sys.exit(main())
