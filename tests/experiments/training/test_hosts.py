"""One run of several processes, which stand for hosts, over the loopback interface."""

import json
import socket

import numpy as np
import pytest
from small_run import arguments, finish, run, start

from experiments.console import hosts
from experiments.console.errors import UserError

CHANGES = (
    "--config.convolution=direct",  # which auto chooses by the share of a batch
    "--config.optimizer.schedule=halving",  # which doesn't depend on the length
    "--config.train.validate_every_steps=20",
    "--config.train.image_every_steps=1000",
    "--config.train.checkpoint_every_steps=1000",
    "--config.train.updates_per_call=10",
)


SHARES = "--config.train.shard_optimizer=True"


def train(folder, num_updates, num_processes, *more):
    flags = [*arguments(folder), *CHANGES, *more, f"--config.train.num_sequences={2 * num_updates}"]
    if num_processes == 1:
        code, output, errors = run("train", *flags)
        assert (code, errors) == (0, "")
        return [output]
    with socket.create_server(("127.0.0.1", 0)) as free:
        flags.append(f"--coordinator=127.0.0.1:{free.getsockname()[1]}")
    flags += [f"--num_processes={num_processes}", "--config.train.frames_on_device=True"]
    processes = [start("train", *flags, f"--process_id={i}") for i in range(num_processes)]
    ended = [finish(process) for process in processes]
    assert [code for code, *_ in ended] == [0] * num_processes, ended
    return [output for _, output, _ in ended]


def losses(folder):
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: line["train/loss"] for line in lines if "train/loss" in line}


def test_two_processes_and_one_make_the_same_run_and_go_on_with_each_other(tmp_path):
    train(tmp_path / "one", 25, 1)
    first, second = train(tmp_path / "two", 25, 2, SHARES)
    assert "last frame, true flow" in first
    assert "compiling" not in second
    train(tmp_path / "one", 50, 2)
    train(tmp_path / "two", 50, 1)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert list(one) == list(two) == list(range(1, 51))
    np.testing.assert_allclose(list(two.values()), list(one.values()), rtol=1e-4)
    scores = [json.loads((tmp_path / n / "eval_test.json").read_text()) for n in ("one", "two")]
    np.testing.assert_allclose(
        *[[score["model"][name] for name in ("cross_entropy", "ssim")] for score in scores],
        rtol=1e-3,
    )


@pytest.mark.parametrize(
    "coordinator, num_processes, process_id, message",
    [
        ("host:1", 2, None, "expected all three"),
        ("", 2, 0, "expected all three"),
        ("auto", 2, 0, "expected all three"),
        ("host:1", 2, 2, "--process_id=2: expected 0 to 2-1"),
    ],
)
def test_wrong_flags_are_named(coordinator, num_processes, process_id, message):
    with pytest.raises(UserError, match=message):
        hosts.join(coordinator, num_processes, process_id, {})


@pytest.mark.parametrize("name", ["SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE"])
def test_processes_that_a_launcher_started_meet_by_themselves(name, monkeypatch):
    calls = []
    monkeypatch.setattr(
        hosts.jax.distributed, "initialize", lambda *given, **_: calls.append(given)
    )
    hosts.join("", None, None, {})
    hosts.join("", None, None, {name: "1"})
    assert calls == []
    hosts.join("", None, None, {name: "4"})
    assert calls == [(None, None, None)]
