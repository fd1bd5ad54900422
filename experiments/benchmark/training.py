r"""Measures training as a run does it, many updates a call, by settings; for accelerators.

    python -m experiments.benchmark.training --output=runs/gpu [--seconds=540] [--toy]

Each row is measured in a process of its own and added to `training.jsonl` at once; rows that are
there already, of this device and commit, are passed over. One that the end of --seconds cuts off is
left to the next call. `gpu.sh` says what it is for.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from absl import flags

from experiments.benchmark.settings import Setting, settings
from experiments.console.errors import UserError
from experiments.run import command_line

ROW_SECONDS = 150  # until a row counts as hung

_FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string("output", "runs/gpu", "Folder of the rows.", flag_values=_FLAGS)
_SECONDS = flags.DEFINE_integer(
    "seconds", 540, "After which no further row is begun.", lower_bound=1, flag_values=_FLAGS
)
_TOY = flags.DEFINE_bool("toy", False, "Small sizes, to try it out.", flag_values=_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.report.results_table import markdown_rows
    from experiments.run.provenance import current_commit
    from experiments.run.results import make_folder, write_file

    output, commit, start = Path(_OUTPUT.value), current_commit(), time.monotonic()
    make_folder(output)
    device = _device()
    path = output / "training.jsonl"
    try:
        rows = list(map(json.loads, path.read_text().splitlines())) if path.exists() else []
        done = {
            Setting(**row["setting"])
            for row in rows
            if (row["commit"], row.get("device")) == (commit, device)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not rows of this program ({error!r})") from error
    for setting in settings(toy=_TOY.value):
        left = _SECONDS.value - (time.monotonic() - start)
        if setting in done or left <= 0:
            continue
        measured = _measure(setting, left)
        if measured is None:
            continue
        row = measured | {"setting": asdict(setting), "commit": commit, "device": device}
        rows.append(row)
        with path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        flat = [
            each["setting"] | {n: v for n, v in each.items() if n != "setting"} for each in rows
        ]
        write_file(output / "training.md", markdown_rows(flat))
        print(json.dumps(row), flush=True)


def _device() -> str:
    """The device's name, from a process of its own, as JAX would keep it to this one."""
    program = "from experiments.run.provenance import device; print(device())"
    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False
    )
    if ended.returncode:
        raise UserError("JAX finds no device to measure")
    return ended.stdout.splitlines()[-1]


def _measure(setting: Setting, seconds_left: float) -> dict[str, object] | None:
    """The row of a setting, or why there is none; None if the time was too short to tell."""
    command = [sys.executable, "-m", "experiments.benchmark.training_worker"]
    limit = min(ROW_SECONDS, seconds_left + 30)
    try:
        ended = subprocess.run(
            [*command, json.dumps(asdict(setting))],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": "took too long"} if limit == ROW_SECONDS else None
    if ended.returncode:
        return {"failed": (ended.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    return json.loads(ended.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
