r"""Writes a trained model as programs that need JAX alone.

    python -m experiments.export --workdir=runs/x [--output=DIR]

Into DIR, RUN/export by default, go `start.stablehlo`, `step.stablehlo` and `predict.stablehlo`
(StableHLO with the weights in, for CPU, CUDA and TPU, any batch) and `programs.json`: what each one
takes and returns, what made them, and how far their results are from the model's own. They have
been run in a fresh process without this project's code, as anybody else would:

    step = jax.export.deserialize(bytearray(open("step.stablehlo", "rb").read()))
    prediction, flow, *state = step.call(frame, *state)

Needs flatbuffers, from the extra `export`, here and there.
"""

import importlib.util
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
_OUTPUT = flags.DEFINE_string(
    "output", "", "Folder of the programs; export in the run's folder.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    if importlib.util.find_spec("flatbuffers") is None:
        raise UserError("flatbuffers is not installed: pip install flatbuffers")
    from experiments.configs.config import read_json
    from experiments.measure.exported import write_programs
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    params, step = trained_params(config, folder)
    output = Path(_OUTPUT.value) if _OUTPUT.value else folder / "export"
    for name, difference in write_programs(config, params, step, output).items():
        print(f"{output / name}.stablehlo: within {difference:.1e} of the model", flush=True)


if __name__ == "__main__":
    sys.exit(main())
