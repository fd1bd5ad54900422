"""A process that measures one setting of `experiments.benchmark.training`.

    python -m experiments.benchmark.training_worker SETTING_AS_JSON

Its last line is a JSON object: sequences a second, seconds of compilation, peak memory, flops a
sequence and, of cards whose peak is known, the share of it.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from experiments.benchmark.cells import SMOOTHNESS_WEIGHT, Cell
from experiments.benchmark.settings import Setting

TAU, SEQUENCE_LENGTH = 10, 20
# Dense TFLOP/s by the makers' data sheets: (float32 without tensor cores, TensorFloat-32, bfloat16)
PEAKS = {"H100": (67, 495, 989), "H200": (67, 495, 989), "A100": (19.5, 156, 312)}
_PRECISIONS = ("float32", "tensorfloat32", "bfloat16")


def main(setting: Setting) -> dict[str, Any]:
    """What the process prints."""
    start = time.perf_counter()
    run, wait, facts = (_ours if setting.side == "ours" else _torch)(setting)
    run()
    wait()
    first = time.perf_counter() - start
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < setting.seconds or count < 2:
        count += run()
    wait()
    rate = count * setting.batch / (time.perf_counter() - start)
    row: dict[str, Any] = {"sequences_per_second": rate, "first_call_s": first} | facts()
    if (flops := row.get("flops_per_sequence")) is not None:
        peaks = next((p for card, p in PEAKS.items() if card in row["device"]), None)
        if peaks is not None:
            peak = 1e12 * peaks[_PRECISIONS.index(setting.precision)]
            row["share_of_peak"] = rate * flops / peak
    return row


_Side = tuple[Callable[[], int], Callable[[], object], Callable[[], dict[str, Any]]]
"""Starts a call of updates and gives their number, one call ahead of the device at most; waits for
what was started; says what is to be said of it."""


def _ours(setting: Setting) -> _Side:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from data.batches import training_batches
    from data.moving_mnist.data_set import MOVING_MNIST, MovingMNISTOptions
    from data.sequences import SequenceOptions
    from experiments.benchmark.ours import device, make_tx, peak_device_bytes
    from vstm.compiler import compiler_options
    from vstm.model import Autoencoder
    from vstm.training.repeated import as_given, repeated
    from vstm.training.update import init_state, make_train_step
    from vstm.variants import get_variant

    config = replace(get_variant(setting.variant), frame_size=(setting.size, setting.size))
    model = Autoencoder(config, precision=setting.precision, unroll=setting.unroll)
    tx = make_tx(setting.optimizer)
    objective: dict[str, Any] = {
        "loss": "bce",
        "tau": TAU,
        "num_targets": setting.num_targets,
        "smoothness_weight": SMOOTHNESS_WEIGHT,
    }
    train_step = make_train_step(model, tx, **objective)
    num_updates, size = setting.updates_per_call, (setting.size, setting.size, 1)
    state = init_state(model, tx, jax.random.key(0), size)
    data = MOVING_MNIST.open_on_device if setting.frames_on_device else MOVING_MNIST.open_training
    assert data is not None
    opened = data(
        MovingMNISTOptions(pixels="binary"), SequenceOptions(setting.size, SEQUENCE_LENGTH)
    )
    material, make_frames = opened.on_device or ((), as_given)
    material = jax.device_put(material)
    endless = training_batches(
        opened.source, setting.batch, 0, taken=None if opened.on_device else "frames"
    )

    def batches() -> Any:
        of_a_call = [next(endless) for _ in range(num_updates)]
        return jax.device_put(jax.tree.map(lambda *each: np.stack(each), *of_a_call))

    in_a_row, count = jnp.int32(0), jnp.int32(num_updates)
    start = time.perf_counter()
    compiled = (
        jax.jit(
            repeated(train_step, num_updates + 1, make_frames),
            donate_argnums=0,
            compiler_options=compiler_options(),
        )
        .lower(state, in_a_row, batches(), count, material)
        .compile()
    )
    compilation = time.perf_counter() - start
    # XLA counts one iteration of a loop, so the arithmetic is that of a program without one.
    unrolled = Autoencoder(config, convolution="direct", unroll=TAU)
    frames = jax.ShapeDtypeStruct((setting.batch, SEQUENCE_LENGTH, *size), jnp.float32)
    one = jax.jit(make_train_step(unrolled, tx, **objective)).lower(state, frames)
    cost: Any = one.cost_analysis() or {}

    metrics: Any = None

    def run() -> int:
        nonlocal state, in_a_row, metrics
        before = metrics
        state, in_a_row, metrics = compiled(state, in_a_row, batches(), count, material)
        jax.block_until_ready(before)
        return num_updates

    def facts() -> dict[str, Any]:
        flops = cost.get("flops")
        return {
            "compilation_s": compilation,
            "peak_mb": (peak_device_bytes() or _resident_bytes()) / 2**20,
            "flops_per_sequence": None if flops is None else flops / setting.batch,
            "device": device(),
        }

    return run, lambda: jax.block_until_ready(metrics), facts


def _torch(setting: Setting) -> _Side:
    from experiments.benchmark import torch_side

    cell = Cell(setting.variant, "train", setting.batch, TAU, setting.size)
    run_once, *_ = torch_side.prepare(
        cell, compiled=setting.side == "torch.compile", precision=setting.precision
    )

    def run() -> int:
        run_once()
        return 1

    def facts() -> dict[str, Any]:
        peak = torch_side.peak_device_bytes() or _resident_bytes()
        return {"peak_mb": peak / 2**20, "device": torch_side.device()}

    return run, lambda: None, facts


def _resident_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(main(Setting(**json.loads(sys.argv[1])))), flush=True)
