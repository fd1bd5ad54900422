"""Processes of one run, on one host or several: how they meet, and what they agree on."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from experiments.console.errors import UserError
from experiments.console.stop_signals import StopSignals

AUTOMATIC = "auto"
_LAUNCHERS = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")  # their numbers of processes
_SECONDS_TO_EVALUATE = 7 * 24 * 3600  # that the others wait in the end for the first


def join(
    coordinator: str,
    num_processes: int | None,
    process_id: int | None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Joins the processes of a run, if there are several; before JAX looks for devices.

    Those that `srun` or `mpirun` started find each other. Others name a coordinator.

    Args:
      coordinator: HOST:PORT of the first process; `AUTOMATIC` where JAX finds it out, as on
        Kubernetes; empty for the launcher's, or for a process alone.
      num_processes: how many there are, with HOST:PORT.
      process_id: which one this is, from 0.
      environment: variables of this process.

    Raises:
      UserError: one of the three is missing or wrong, or the others are not found.
    """
    given = num_processes is not None and process_id is not None
    explicit = coordinator not in ("", AUTOMATIC)
    if given != explicit or (num_processes is None) != (process_id is None):
        raise UserError(
            "--coordinator, --num_processes, --process_id: expected all three, or none, or "
            f"--coordinator={AUTOMATIC} alone"
        )
    if given and not 0 <= process_id < num_processes:  # type: ignore[operator]
        raise UserError(f"--process_id={process_id}: expected 0 to {num_processes}-1")
    if not coordinator and all(environment.get(name, "1") == "1" for name in _LAUNCHERS):
        return
    try:
        jax.distributed.initialize(
            coordinator if explicit else None,
            num_processes,
            process_id,
            shutdown_timeout_seconds=_SECONDS_TO_EVALUATE,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(f"--coordinator={coordinator}: the processes did not meet ({error})") from (
            error
        )


def is_first() -> bool:
    """Whether this process is the one that writes the run's folder and speaks."""
    return jax.process_index() == 0


@contextmanager
def writing_as_the_first(folder: Path) -> Iterator[Path]:
    """Where a process writes what the first one writes into a folder.

    Yields:
      The folder; in other processes a temporary one, and what they print is dropped.
    """
    if is_first():
        yield folder
        return
    with (
        tempfile.TemporaryDirectory(prefix="vstm-") as scratch,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        yield Path(scratch) / "run"
        sys.stdout.flush()


def stopped(stop: StopSignals) -> bool:
    """Whether any process has received a signal to stop; then all note it."""
    if jax.process_count() > 1:
        received = int(np.max(multihost_utils.process_allgather(np.int32(stop.received or 0))))
        stop.received = stop.received or received or None
        return received > 0
    return stop.received is not None


def agreed(decision: bool) -> bool:
    """What the first process decides, in all of them."""
    if jax.process_count() == 1:
        return decision
    return bool(multihost_utils.broadcast_one_to_all(np.bool_(decision)))


def gathered(part: np.ndarray) -> np.ndarray:
    """The parts of all processes, one after the other along the first axis."""
    if jax.process_count() == 1:
        return part
    return multihost_utils.process_allgather(part, tiled=True)
