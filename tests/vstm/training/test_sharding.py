"""One run on several devices, simulated in a process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import json, sys
import jax, jax.numpy as jnp, numpy as np, optax
from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.training.optimizer import make_optimizer
from vstm.training.repeated import as_given, repeated
from vstm.training.sharding import BATCH_AXIS, Devices, on_this_host
from vstm.training.update import init_state, make_train_step

BATCH, NUM_UPDATES = 8, 50
model = Autoencoder(ModelConfig((3,), "conv", (4,), frame_size=(8, 8)), convolution="direct")
schedule = optax.constant_schedule(4e-3)
tx = make_optimizer("muon", schedule, clip_elements=0.0, clip_global_norm=1.0)
frames = np.random.default_rng(0).random((NUM_UPDATES, BATCH, 7, 8, 8, 1)) > 0.7
frames = frames.astype(np.float32)
frames[30, 5, 1:, 4] = np.nan  # in every window of a sequence that one of eight devices has


def curve(count, parts, shard, made):
    # `made`: of the sequences' numbers, of which the devices make the frames
    shard = bool(shard)
    all_there = Devices.sharing(BATCH, parts, shard_optimizer=shard)
    devices = all_there if count == 8 // parts else Devices(count, shard)
    assert devices.count == count
    step = make_train_step(
        model,
        devices.optimizer(tx),
        loss="bce",
        tau=3,
        num_targets=2,
        relative=True,
        parts=parts,
        axis=BATCH_AXIS,
        mesh=devices.mapped_alone,
    )
    if made:
        material = devices.replicate(frames.reshape(-1, *frames.shape[2:]))
        batches = {"number": np.arange(NUM_UPDATES * BATCH, dtype=np.int32).reshape(-1, BATCH)}
        make_frames = lambda material, batch: material[batch["number"]]
    else:
        material, batches, make_frames = (), frames, as_given
    updates = jax.jit(devices.over(repeated(step, 10, make_frames)))
    state = devices.place(init_state(model, tx, jax.random.key(0), (8, 8, 1)))
    batches, placed = devices.split(batches), jax.tree.map(lambda a: a.sharding, state)
    made_of_a_call = np.int32(NUM_UPDATES)
    state, in_a_row, metrics = updates(state, np.int32(0), batches, made_of_a_call, material)
    (batches,) = jax.tree.leaves(batches)
    assert len(batches.sharding.device_set) == len(state.step.sharding.device_set) == count
    as_placed = jax.tree.map(lambda a, s: a.sharding.is_equivalent_to(s, a.ndim), state, placed)
    assert jax.tree.all(as_placed)
    on_one = jax.tree.map(lambda a: a.addressable_data(0).size / a.size, state.opt_state)
    state = on_this_host(state)
    assert int(state.step) == NUM_UPDATES and int(in_a_row) == 0
    return {name: np.asarray(values).tolist() for name, values in metrics.items()} | {
        "share": min(jax.tree.leaves(on_one)),
        "momenta": float(optax.tree.norm([a for a in jax.tree.leaves(state.opt_state) if a.ndim])),
    }


print(json.dumps([curve(*map(int, choice.split("x"))) for choice in sys.argv[1:]]))
"""


CHOICES = (
    *("1x1x0x0", "2x1x0x0", "4x1x0x0", "8x1x0x0", "4x2x0x0", "2x1x1x0", "4x2x1x0"),
    *("1x1x0x1", "4x2x0x1", "2x1x1x1"),
)
"""Devices x parts that each makes x whether they share the optimiser's state, and make frames."""


@pytest.fixture(scope="module")
def curves():
    devices = "--xla_force_host_platform_device_count=8"
    environment = os.environ | {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} {devices}"}
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT, *CHOICES],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return dict(zip(CHOICES, json.loads(output)))


@pytest.mark.parametrize("choice", CHOICES[1:])
def test_every_update_is_that_of_one_device(curves, choice):
    ours, expected = curves[choice], curves[CHOICES[0]]
    assert expected["skipped"] == [0.0] * 30 + [1.0] + [0.0] * 19
    for name in ("loss", "gradient_norm", "update_norm", "skipped", "momenta"):
        np.testing.assert_allclose(ours[name], expected[name], rtol=1e-4, err_msg=name)
    assert expected["loss"][0] > 1.01 * expected["loss"][-1]


@pytest.mark.parametrize("choice", ["1x1x0x1", "4x2x0x1"])
def test_frames_made_on_devices_change_no_bit(curves, choice):
    for name, values in curves[f"{choice[:-1]}0"].items():
        np.testing.assert_array_equal(curves[choice][name], values, err_msg=name)


@pytest.mark.parametrize("choice", CHOICES)
def test_each_device_has_its_share_of_the_optimisers_state(curves, choice):
    count, _, shard, _ = map(int, choice.split("x"))
    assert curves[choice]["share"] == (1 / count if shard else 1)
