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


def curve(count, parts, made):
    # `made`: of the sequences' numbers, of which the devices make the frames
    devices = Devices.sharing(BATCH, parts) if count == 8 // parts else Devices(count)
    assert devices.count == count
    step = make_train_step(
        model, tx, loss="bce", tau=3, num_targets=2, relative=True, parts=parts, axis=BATCH_AXIS
    )
    if made:
        material = devices.replicate(frames.reshape(-1, *frames.shape[2:]))
        batches = {"number": np.arange(NUM_UPDATES * BATCH, dtype=np.int32).reshape(-1, BATCH)}
        make_frames = lambda material, batch: material[batch["number"]]
    else:
        material, batches, make_frames = (), frames, as_given
    updates = jax.jit(devices.over(repeated(step, 10, make_frames)))
    state = devices.replicate(init_state(model, tx, jax.random.key(0), (8, 8, 1)))
    batches, count_of_updates = devices.split(batches), np.int32(NUM_UPDATES)
    state, in_a_row, metrics = updates(state, np.int32(0), batches, count_of_updates, material)
    (batches,) = jax.tree.leaves(batches)
    assert len(batches.sharding.device_set) == len(state.step.sharding.device_set) == count
    assert int(on_this_host(state).step) == NUM_UPDATES and int(in_a_row) == 0
    return {name: np.asarray(values).tolist() for name, values in metrics.items()}


def described(text):
    pair, _, made = text.partition(" ")
    return *map(int, pair.split("x")), made == "made"


print(json.dumps([curve(*described(text)) for text in sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def curves():
    """Metrics of fifty updates by the number of devices, the parts that each makes, the frames."""
    pairs = ("1x1", "2x1", "4x1", "8x1", "4x2", "1x1 made", "4x2 made")
    devices = "--xla_force_host_platform_device_count=8"
    environment = os.environ | {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} {devices}"}
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT, *pairs],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return dict(zip(pairs, json.loads(output)))


@pytest.mark.parametrize("pair", ["2x1", "4x1", "8x1", "4x2", "1x1 made", "4x2 made"])
def test_every_update_is_that_of_one_device(curves, pair):
    ours, expected = curves[pair], curves["1x1"]
    assert expected["skipped"] == [0.0] * 30 + [1.0] + [0.0] * 19
    for name in ("loss", "gradient_norm", "skipped"):
        np.testing.assert_allclose(ours[name], expected[name], rtol=1e-4, err_msg=name)
    assert expected["loss"][0] > 1.01 * expected["loss"][-1]


@pytest.mark.parametrize("pair", ["1x1", "4x2"])
def test_frames_made_on_devices_change_no_bit(curves, pair):
    for name, values in curves[pair].items():
        np.testing.assert_array_equal(curves[f"{pair} made"][name], values, err_msg=name)
