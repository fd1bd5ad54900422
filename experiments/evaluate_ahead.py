"""Evaluates a run on frames further ahead, predictions being fed back, as benchmarks do.

    python -m experiments.evaluate_ahead --workdir=runs/x
    python -m experiments.evaluate_ahead --workdir=runs/x --published_test_set=mnist_test_seq.npy

The first tau frames are fed in and the next 10 predicted, each from the predictions before it: of
tau = 10, the protocol of the published moving-MNIST test set. Writes `ahead_test.json` (or
`ahead_published.json`) into the run's folder. By frame ahead, and as their mean: `mse`, the squared
error *summed over a frame's pixels*, which is what those benchmarks call so; `mae`, the absolute
one, likewise; `ssim`; `uniform_ssim`, with the windows and constants that those benchmarks use;
`psnr`, dB; `nats_per_frame`, for a model trained by cross-entropy, else null; and both of the last
input, copied. Pixels are those that the model was trained on, binary or real. `model` has its
number of parameters, too. Prints the scores as a table.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.measure import NUM_AHEAD_SEQUENCES
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)
_PUBLISHED = flags.DEFINE_string(
    "published_test_set", "", "Path of mnist_test_seq.npy.", flag_values=_FLAGS
)
_NUM_SEQUENCES = flags.DEFINE_integer(
    "num_sequences",
    None,
    f"If not given, {NUM_AHEAD_SEQUENCES} generated ones or all published ones. There are as many "
    "generated ones as are asked for.",
    lower_bound=1,
    flag_values=_FLAGS,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    import jax

    from data.sources import Source
    from experiments.configs.config import read_json
    from experiments.measure.ahead import NUM_AHEAD, evaluate_ahead, table
    from experiments.run import build
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE
    from experiments.run.lock import locked
    from experiments.run.results import result_file, result_text, write_file

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    split = "published" if _PUBLISHED.value else "test"
    source: Source
    if _PUBLISHED.value:
        source = build.published_test_set(config, _PUBLISHED.value)
        length = source.sequence_length
    else:
        config.data.num_test = max(config.data.num_test, _NUM_SEQUENCES.value or 0)
        source, length = build.source(config, "test"), config.data.sequence_length
    if length < config.tau + NUM_AHEAD:
        raise UserError(
            f"{_PUBLISHED.value or folder}: sequences of {length} frames; expected at "
            f"least tau + {NUM_AHEAD} = {config.tau + NUM_AHEAD}"
        )
    at_most = len(source) if _PUBLISHED.value else NUM_AHEAD_SEQUENCES
    with locked(folder, shared=True) as lock:
        params, _ = trained_params(config, folder)
        result = evaluate_ahead(
            build.make_model(config),
            params,
            source,
            tau=config.tau,
            batch_size=config.evaluation.batch_size,
            num_sequences=_NUM_SEQUENCES.value or at_most,
        )
        result["model"]["parameters"] = sum(array.size for array in jax.tree.leaves(params))
        path = result_file(folder, "ahead", split)
        lock.check()
        write_file(path, result_text(path, result))
    print(table(result))


if __name__ == "__main__":
    sys.exit(main())
