"""Watches a long training run and a long prediction: memory, open files and speed by tenths.

    python -m experiments.drill.endurance --count=20000 --output=/tmp/endurance

Trains a tiny network for `count` updates and predicts a made video of as many small frames. A
sample is taken each half second; rows hold the means of each tenth of the way: resident memory,
open files, and updates or frames a second. Writes `results.json` and `results.md`.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from absl import flags

from experiments.console.errors import UserError
from experiments.drill.program import Program, config_flags
from experiments.report.provenance import Row
from experiments.run import command_line

TENTHS = 10
_EVERY = 0.5  # seconds between samples
_SIDE, _RATE = 32, 25  # of the video, pixels and frames a second
_TINY = {
    "tau": 2,
    "model.encoder_features": (2,),
    "model.memory_features": (2,),
    "model.memory_kernel_size": 3,
    "data.image_size": 30,
    "moving_mnist.num_digits": 1,
    "data.sequence_length": 3,
    "data.num_train": 100,
    "data.num_validation": 8,
    "data.num_test": 8,
    "train.batch_size": 1,
    "train.log_every_steps": 10,
    "train.validate_every_steps": 500,
    "train.image_every_steps": 1_000,
    "train.checkpoint_every_steps": 500,
    "evaluation.num_while_training": 8,
    "evaluation.batch_size": 8,
}

_FLAGS = flags.FlagValues()
_COUNT = flags.DEFINE_integer("count", 20_000, "Updates, and frames.", 100, flag_values=_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", required=True, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.drill.endurance", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    from experiments.drill.bench import logged
    from experiments.report.results_table import publish
    from experiments.run.provenance import made_by

    count = _COUNT.value
    with tempfile.TemporaryDirectory(prefix="endurance-") as place:
        scratch = Path(place)
        run, video, shown = scratch / "run", scratch / "video.mp4", scratch / "shown"
        fields = _TINY | {"train.num_sequences": count}
        config = "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM"
        program = Program(
            "experiments.train", [config, *config_flags(fields), f"--workdir={run}"], scratch
        )
        rows = watch("updates", program, lambda: logged(run), count)
        make_video(video, count)
        program = Program("experiments.predict", [f"--input={video}", f"--output={shown}"], scratch)
        rows += watch("predicted frames", program, lambda: _written(shown), count)
    provenance = made_by()  # starts JAX, so not before the programs, which need the device
    publish(Path(_OUTPUT.value), [row | provenance for row in rows], command)


def watch(what: str, program: Program, reached: Callable[[], int], count: int) -> list[Row]:
    """Samples a program until it ends; a row for each tenth of the way.

    Args:
      what: it makes.
      program: running.
      reached: how many it has made.
      count: how many it will make.

    Raises:
      UserError: it fails.
    """
    samples = []
    while program.running():
        status = usage(program.pid)
        if status is not None and 0 < (made := reached()) < count:  # evaluates at the end
            samples.append((made, time.monotonic(), *status))
        time.sleep(_EVERY)
    problem = program.finish().other_than(0)
    if problem:
        raise UserError(f"{what}: {problem}")
    return by_tenths(what, np.array(samples), count)


def by_tenths(what: str, samples: np.ndarray, count: int) -> list[Row]:
    """Means of samples (how many are made, seconds, bytes, files), by tenths of `count`.

    A tenth with less than two samples has no row.
    """
    rows: list[Row] = []
    tenth = np.minimum((samples[:, 0] - 1) * TENTHS // count, TENTHS - 1)
    for number in range(TENTHS):
        part = samples[tenth == number]
        if len(part) < 2:
            continue
        made, seconds = part[-1, :2] - part[0, :2]
        rows.append(
            {
                "what": what,
                "count": count,
                "tenth": number + 1,
                "memory_mb": float(part[:, 2].mean() / 1e6),
                "open_files": float(part[:, 3].mean()),
                "per_second": float(made / seconds),
            }
        )
    return rows


def usage(process: int) -> tuple[int, int] | None:
    """Resident bytes and open files of a process, on Linux; None once it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * resource.getpagesize(), len(os.listdir(f"/proc/{process}/fd"))
    except (OSError, IndexError):
        return None


def make_video(path: Path, num_frames: int) -> None:
    """A bright square that circles on a dark ground."""
    from experiments.pictures.video_writer import VideoWriter

    side = np.arange(_SIDE)
    with VideoWriter(path, _RATE) as writer:
        for n in range(num_frames):
            x, y = _SIDE / 2 + 8 * np.cos(n / 5), _SIDE / 2 + 8 * np.sin(n / 5)
            square = (np.abs(side - x)[None] < 5) & (np.abs(side - y)[:, None] < 5)
            writer.write(np.where(square, 200, 40).astype(np.uint8), n / _RATE)


def _written(output: Path) -> int:
    """Frames that a prediction has written, before its folder has its name, or after."""
    for path in (
        output / "metrics.csv",
        *output.parent.glob(f"{output.name}.part-*/*/metrics.csv"),
    ):
        try:
            return max(0, path.read_bytes().count(b"\n") - 1)
        except OSError:
            continue
    return 0


if __name__ == "__main__":
    sys.exit(main())
