"""Compares a run's flow with the true one, which generators know: moving MNIST's, scenes'.

    python -m experiments.evaluate_flow --workdir=runs/x [--classical]

Writes `flow_test.json` into the run's folder: errors over moving pixels and motion segmentation,
see `FlowScores`, of the model's flow, of the same with a constant added (`model_shifted`), of the
true one as well as the model's maps could hold it (`true_cells`), of none (`zero`) and, with
--classical, of two classical methods. The constant (`shift_u`, `shift_v`, pixels) is the one that
best moves validation frames onto the next ones; it needs no true flow. The threshold of the
segmentation is chosen for each on validation sequences. Flow is that of frame tau + 1, in image
pixels, each of a feature map's vectors standing for the pixels below it.

The model sees frames up to tau. So does a classical method: its flow between the last two inputs
is carried on along itself (`farneback`, `dis`), which supposes constant velocity, or scored as
what it is, the flow of frame tau, which it has seen (`farneback_seen`, `dis_seen`).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)
_CLASSICAL = flags.DEFINE_bool(
    "classical", False, "Whether to score classical methods too.", flag_values=_FLAGS
)
_NUM_SEQUENCES = flags.DEFINE_integer(
    "num_sequences", 1000, "Test sequences.", lower_bound=1, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.measure.classical_flow import METHODS, opencv

    if _CLASSICAL.value:
        opencv()  # before anything that takes time
    from data.sources import GroundTruthSource
    from experiments.configs.config import read_json
    from experiments.measure.evaluation import make_predict
    from experiments.measure.flow import (
        NUM_SHIFT_SEQUENCES,
        best_shift,
        classical_method,
        evaluate_flow,
        model_method,
        shifted_method,
        table,
        true_cells_method,
        zero_method,
    )
    from experiments.run import build
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE
    from experiments.run.lock import locked
    from experiments.run.results import result_file, result_text, write_file

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    if config.tau < 2:
        raise UserError(f"{folder}: trained with tau={config.tau}; expected at least 2")
    validation, test = (build.source(config, split) for split in ("validation", "test"))
    if not (isinstance(validation, GroundTruthSource) and isinstance(test, GroundTruthSource)):
        raise UserError(
            f"{folder}: trained on {config.data.name}; expected data whose true flow is known"
        )
    tau, batch_size = config.tau, config.evaluation.batch_size
    num_test = min(_NUM_SEQUENCES.value, config.data.num_test)
    num_validation = min(_NUM_SEQUENCES.value, config.evaluation.num_validation)
    network = build.make_model(config)
    predict = make_predict(network)
    methods = {
        "true_cells": true_cells_method(tau, network.config.downsampling),
        "zero": zero_method(tau),
    }
    if _CLASSICAL.value:
        for method in METHODS:
            methods[method] = classical_method(tau, method, seen=False)
            methods[f"{method}_seen"] = classical_method(tau, method, seen=True)
    with locked(folder, shared=True) as lock:
        model = model_method(predict(trained_params(config, folder)[0]), tau)
        num_sequences = min(NUM_SHIFT_SEQUENCES, num_validation)
        shift = best_shift(model, validation, num_sequences, batch_size)
        results = evaluate_flow(
            {"model": model, "model_shifted": shifted_method(model, shift), **methods},
            validation,
            test,
            num_validation=num_validation,
            num_test=num_test,
            batch_size=batch_size,
        )
        results["model_shifted"] |= {"shift_u": float(shift[0]), "shift_v": float(shift[1])}
        path = result_file(folder, "flow", "test")
        lock.check()
        write_file(path, result_text(path, {"num_sequences": num_test, **results}))
    print(table(results))


if __name__ == "__main__":
    sys.exit(main())
