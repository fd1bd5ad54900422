r"""Makes a skipped update again, and names what isn't finite first.

    python -m experiments.replay --workdir=runs/x
    XLA_FLAGS="--xla_gpu_autotune_level=0" python -m experiments.replay --workdir=runs/x
    XLA_FLAGS="--xla_gpu_enable_command_buffer=" python -m experiments.replay --workdir=runs/x

After `train.max_skipped` updates in a row that aren't finite, a run stops and keeps the last one in
`not_finite.npz`. The table has a column for each precision. Its first rows are the metrics of the
program that the run compiles; the others, from programs that show more, the first of the frames,
parameters, activations, terms of the loss, gradients and steps that isn't finite, in the order in
which they are made, or the largest one. A fault of the numbers is the same with all flags; one that
comes and goes with them, as on a GPU without autotuning or without command buffers, is the
compiler's or the card's.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    import os

    import jax

    from experiments.configs.config import read_json
    from experiments.report.results_table import markdown_rows
    from experiments.run.folder import CONFIG_FILE
    from experiments.run.provenance import device
    from experiments.training.replayed import read_skipped, replay
    from experiments.training.skipped import NOT_FINITE_FILE

    folder = Path(_WORKDIR.value)
    config, path = read_json(folder / CONFIG_FILE), folder / NOT_FINITE_FILE
    skipped = read_skipped(path, config)
    where = f"{device()}, JAX {jax.__version__}, XLA_FLAGS={os.environ.get('XLA_FLAGS', '')!r}"
    print(f"update {skipped.update} of {path}, on {where}\n", flush=True)
    print(markdown_rows(replay(config, skipped)))


if __name__ == "__main__":
    sys.exit(main())
