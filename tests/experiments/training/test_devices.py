"""Runs that go on with another number of devices, simulated in one process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from small_run import ROOT

SCRIPT = """
import json, sys
from pathlib import Path
from small_run import small_config
from experiments.run import build
from experiments.training.experiment import train_and_evaluate
from vstm.training.sharding import Devices

BATCH = 2
SMALL = {
    "convolution": "direct",  # which auto chooses by the share of a batch
    "optimizer.schedule": "halving",  # which doesn't depend on the length
    "flow_loss.photometric_share": 0.0,  # nor does a weight that stays
    "train.batch_size": BATCH,
    "train.validate_every_steps": 50,
    "train.image_every_steps": 50,
    "train.checkpoint_every_steps": 50,
    "train.updates_per_call": 25,
}
folder, runs = sys.argv[1:]
for name, legs in json.loads(runs).items():
    for count, shard, update in legs:
        build.devices = lambda config: Devices(count, shard)
        changes = {"train.num_sequences": BATCH * update, "train.shard_optimizer": shard}
        config = small_config(**SMALL | changes)
        state, _ = train_and_evaluate(config, Path(folder, name))
        assert int(state.step) == update
"""
RUNS = {
    "1": [(1, False, 50)],
    "1, then 2": [(1, False, 25), (2, False, 50)],
    "2, then 1": [(2, False, 25), (1, False, 50)],
    "2 that share the optimiser's state, 1, then 2 again": [
        (2, True, 20),
        (1, False, 35),
        (2, True, 50),
    ],
}
"""By name: how many devices, and whether they share its state, train up to which update."""


@pytest.fixture(scope="module")
def losses(tmp_path_factory):
    """Losses of fifty updates of each of `RUNS`."""
    folder = tmp_path_factory.mktemp("devices")
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), json.dumps(RUNS)],
        cwd=ROOT,
        env=os.environ | {"XLA_FLAGS": flags, "PYTHONPATH": str(ROOT / "tests")},
        check=True,
    )
    logs = {name: (folder / name / "metrics.jsonl").read_text().splitlines() for name in RUNS}
    return {
        name: {
            line["step"]: line["train/loss"]
            for line in map(json.loads, log)
            if "train/loss" in line
        }
        for name, log in logs.items()
    }


@pytest.mark.parametrize("name", [name for name in RUNS if name != "1"])
def test_a_checkpoint_goes_on_with_another_number_of_devices(losses, name):
    ours, expected = losses[name], losses["1"]
    assert list(ours) == list(expected) == list(range(1, 51))
    np.testing.assert_allclose(list(ours.values()), list(expected.values()), rtol=1e-4)
    assert expected[50] < 0.9 * expected[1]
