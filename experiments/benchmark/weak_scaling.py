r"""Measures weak scaling: what sharing a batch costs as devices grow, each with the same share.

    python -m experiments.benchmark.weak_scaling [--output=DIR] [--devices=1,2,4,8] [--share=1]

On a CPU, the devices are simulated: they share its cores, so that N of them are compared with one
that makes the same batch in N parts, one after the other. `overhead` is the time that they take
beyond that, of it: for splitting the batch, averaging gradients and waiting for each other; below
0 where several devices use the cores better than one does. `overhead_of_shares` is the same with
shares of the optimiser's state (`train.shard_optimizer`). Each is timed in turns with the others,
and its fastest call counts, since what else the machine does only adds to it.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from absl import flags

from experiments.console.errors import UserError
from experiments.run import command_line

UPDATES_PER_CALL = 2
TAU = 10

_FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", "experiments/results/weak_scaling", "Folder of the results.", flag_values=_FLAGS
)
_VARIANT = flags.DEFINE_string("variant", "conv-2enc-1LSTM", "Variant.", flag_values=_FLAGS)
_DEVICES = flags.DEFINE_list("devices", ["1", "2", "4", "8"], "How many.", flag_values=_FLAGS)
_SHARE = flags.DEFINE_integer("share", 1, "Sequences a device.", lower_bound=1, flag_values=_FLAGS)
_SIZE = flags.DEFINE_integer("size", 32, "Frames' side, pixels.", lower_bound=4, flag_values=_FLAGS)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 10, "Calls timed of each.", lower_bound=1, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.benchmark.weak_scaling", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    if wrong := [n for n in _DEVICES.value if not n.isdecimal() or not int(n)]:
        raise UserError(f"--devices: expected numbers above 0, got {', '.join(wrong)}")
    counts = [int(n) for n in _DEVICES.value]
    simulated = f"--xla_force_host_platform_device_count={max(counts)}"
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} {simulated}"  # read when it starts
    )

    import jax

    from experiments.report.results_table import publish
    from experiments.run.provenance import made_by

    if jax.device_count() < max(counts):
        raise UserError(f"--devices={max(counts)}: there are {jax.device_count()}")
    provenance = made_by()
    rows = [_measure(count) | provenance for count in counts]
    given = {"share": _SHARE.value, "size": _SIZE.value, "variant": _VARIANT.value}
    subject = ", ".join(f"{name} {value}" for name, value in given.items())
    publish(Path(_OUTPUT.value), rows, command, f"Adam, tau {TAU}, {subject}.")


def _measure(count: int) -> dict[str, Any]:
    """The row of a number of devices."""
    ways = {
        "one_device_s": _calls(1, parts=count),
        "seconds": _calls(count),
        "seconds_of_shares": _calls(count, shard_optimizer=True),
    }
    best = dict.fromkeys(ways, float("inf"))
    for round_number in range(_ROUNDS.value + 1):
        for name, call in ways.items():
            start = time.perf_counter()
            call()
            if round_number:  # the first one compiles
                taken = (time.perf_counter() - start) / UPDATES_PER_CALL
                best[name] = min(best[name], taken)
    return {
        "devices": count,
        **best,
        "overhead": best["seconds"] / best["one_device_s"] - 1,
        "overhead_of_shares": best["seconds_of_shares"] / best["one_device_s"] - 1,
    }


def _calls(count: int, parts: int = 1, *, shard_optimizer: bool = False) -> Callable[[], None]:
    """A call of some updates, with the batch that so many devices, or parts on one, have."""
    from dataclasses import replace

    import jax
    import numpy as np

    from experiments.benchmark.ours import make_tx
    from vstm.compiler import compiler_options
    from vstm.model import Autoencoder
    from vstm.training.repeated import repeated
    from vstm.training.sharding import BATCH_AXIS, Devices
    from vstm.training.update import init_state, make_train_step
    from vstm.variants import get_variant

    size = (_SIZE.value, _SIZE.value)
    devices = Devices(count, shard_optimizer and count > 1)
    model = Autoencoder(replace(get_variant(_VARIANT.value), frame_size=size))
    tx = make_tx("adam")
    train_step = make_train_step(
        model,
        devices.optimizer(tx),
        loss="bce",
        tau=TAU,
        parts=parts,
        axis=BATCH_AXIS,
        mesh=devices.mapped_alone,
    )
    shape = (UPDATES_PER_CALL, _SHARE.value * count * parts, TAU + 1, *size, 1)
    frames = np.random.default_rng(0).random(shape) > 0.8
    batches = devices.split(frames.astype(np.float32))
    state = devices.place(init_state(model, tx, jax.random.key(0), (*size, 1)))
    in_a_row, number = np.int32(0), np.int32(UPDATES_PER_CALL)
    updates = jax.jit(
        devices.over(repeated(train_step, UPDATES_PER_CALL + 1)),
        donate_argnums=0,
        compiler_options=compiler_options(),
    )

    def call() -> None:
        nonlocal state
        state, _, metrics = updates(state, in_a_row, batches, number, ())
        jax.block_until_ready((state, metrics))

    return call


if __name__ == "__main__":
    sys.exit(main())
