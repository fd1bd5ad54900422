"""Do the memory's features help? Linear probes for two segmentations of the current frame.

    python -m experiments.probe --workdir=runs/x

`background`: digit or not; `class`: which digit, or none. The probe sees, of frame tau, either the
trained network's last memory outputs (`trained`), those of the same network as it was drawn
(`untrained`), or the pixels of each cell (`pixels`). It learns from 10, 100 and 1,000 labelled
sequences of the training split, takes the penalty that does best on 100 sequences of the validation
split (labelled too, which no row counts), and is scored on the test split, whose digits are other
ones. Writes `probe_test.json` into the run's folder: a row {task, features, sequences, mean_iou,
digit_accuracy}, the last of which is the share of the digits' pixels that are labelled right.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.probe", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    import jax

    from experiments.configs.config import read_json
    from experiments.measure.probe import memory_outputs, pixel_cells, probe_rows
    from experiments.report.results_table import results_table
    from experiments.run import build
    from experiments.run.checkpoints import trained_params
    from experiments.run.folder import CONFIG_FILE
    from experiments.run.lock import locked
    from experiments.run.results import result_file, result_text, write_file
    from vstm.training.update import init_state

    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    if config.data.name != "moving_mnist":
        raise UserError(f"{folder}: trained on {config.data.name}; expected moving_mnist's labels")
    model = build.make_model(config)
    drawn = init_state(
        model,
        build.make_tx(config, config.data.num_train),
        jax.random.key(config.seed),
        build.frame_shape(config),
    )
    encoders = {
        "untrained": memory_outputs(model, drawn.params),
        "pixels": pixel_cells(model.config.downsampling),
    }
    sources = {s: build.moving_mnist(config, s) for s in ("train", "validation", "test")}
    with locked(folder, shared=True) as lock:
        params, _ = trained_params(config, folder)
        encoders = {"trained": memory_outputs(model, params), **encoders}
        rows = probe_rows(encoders, sources, tau=config.tau, seed=config.seed)
        path = result_file(folder, "probe", "test")
        lock.check()
        write_file(path, result_text(path, rows))
    print(results_table(rows, command))


if __name__ == "__main__":
    sys.exit(main())
