r"""Scores a run's model in each precision, the accelerators' rounding imitated.

    python -m experiments.evaluate_precision --workdir=runs/x [--num_sequences=500]

A CPU multiplies in float32 whatever `precision` says. Here, the factors of each product and each
direct convolution of the forward pass are rounded as accelerators may round them: to ten bits of
the fraction for `tensorfloat32`, to seven for `bfloat16`; sums stay in float32. Scores are of the
first test sequences. `moved` is the largest difference of an intensity from that in float32.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from absl import flags

from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)
_NUM_SEQUENCES = flags.DEFINE_integer(
    "num_sequences", 500, "Test sequences, at most.", lower_bound=1, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.evaluate_precision", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    from experiments.configs.config import read_json
    from experiments.measure.rounded_scores import rounded_scores
    from experiments.report.results_table import results_table
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    params, _ = trained_params(config, folder)
    rows: list[dict[str, Any]] = rounded_scores(config, params, _NUM_SEQUENCES.value)
    print(results_table(rows, command))


if __name__ == "__main__":
    sys.exit(main())
