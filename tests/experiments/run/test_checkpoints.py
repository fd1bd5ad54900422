"""Checkpoints of a small state: verified, falling back, kept by count and by score."""

import random
import shutil
from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import experiments.run.written
from experiments.console.errors import UserError
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import locked
from experiments.run.manifest import DamageError, Manifest, verified, write_manifest
from experiments.run.stored import digests, latest_update, newest_intact, steps
from experiments.run.written import write_arrays
from vstm.training.update import TrainState

TX = optax.adam(1e-3)


def state_of(step, seed=0):
    params = {"kernel": jax.random.normal(jax.random.key(seed), (5, 4)), "scale": jnp.ones(())}
    return TrainState(
        step=jnp.asarray(step, jnp.int32),
        params=params,
        opt_state=TX.init(params),
        key=jax.random.key(seed),
    )


def numbers(state):
    return jax.tree.leaves(
        (state.step, state.params, state.opt_state, jax.random.key_data(state.key))
    )


def assert_same(ours, expected):
    for a, b in zip(numbers(ours), numbers(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@contextmanager
def opened(folder, keep=2, keep_best=0):
    with locked(folder) as lock:
        checkpoints = Checkpoints(folder, lock, keep=keep, keep_best=keep_best)
        yield checkpoints
        checkpoints.close()


def saved(folder, *updates):
    with opened(folder, keep=len(updates)) as checkpoints:
        for step in updates:
            checkpoints.save(state_of(step, seed=step), {"next": step})
        checkpoints.wait()
    return folder / "checkpoints" / str(updates[-1])


def files(checkpoint):
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def content(folder):
    return {path: path.read_bytes() for path in files(folder)}


def test_what_is_saved_is_what_was_there_though_the_next_update_overwrites_it(tmp_path):
    update = jax.jit(
        lambda s: TrainState(s.step + 1, jax.tree.map(jnp.cos, s.params), s.opt_state, s.key),
        donate_argnums=0,
    )
    state = state_of(7)
    expected = jax.tree.map(np.array, numbers(state))
    with opened(tmp_path) as checkpoints:
        checkpoints.save(state, {"next": 3})
        for _ in range(20):
            state = update(state)
        checkpoints.wait()
        restored, position = checkpoints.restore(state_of(0))
    assert position == {"next": 3}
    for a, b in zip(numbers(restored), expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_a_restored_state_is_placed_as_a_fresh_one_so_that_nothing_is_compiled_again(tmp_path):
    saved(tmp_path, 3)
    with opened(tmp_path) as checkpoints:
        restored, _ = checkpoints.restore(state_of(0))
        (device,) = jax.devices()
        on_device, _ = checkpoints.restore(jax.device_put(state_of(0), device))
    program = jax.jit(lambda s: jax.tree.map(lambda leaf: leaf, s))
    fresh = program.lower(numbers(state_of(0))).as_text()
    assert program.lower(numbers(restored)).as_text() == fresh
    assert all(leaf.committed for leaf in numbers(on_device))


def cut(checkpoint):
    for path in files(checkpoint):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def delete_half(checkpoint):
    for path in files(checkpoint)[::2]:
        path.unlink()


def empty(checkpoint):
    shutil.rmtree(checkpoint)
    checkpoint.mkdir()


def replace_by_file(checkpoint):
    shutil.rmtree(checkpoint)
    checkpoint.write_text("")


def drop_manifest(checkpoint):
    (checkpoint / "manifest").unlink()


def other_arrays(checkpoint):
    """Whole files, of other arrays than were saved."""
    arrays = {"step": np.asarray(9, np.int32), "params": {"kernel": np.zeros((5, 4), np.float32)}}
    shutil.rmtree(checkpoint)
    checkpoint.mkdir()
    write_arrays(checkpoint, arrays)
    arrays["params"]["kernel"][0, 0] = 1
    write_manifest(checkpoint, Manifest({}, None, digests(arrays)))


DAMAGES = (cut, delete_half, empty, replace_by_file, drop_manifest, other_arrays)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_used(tmp_path, capsys, damage):
    newest = saved(tmp_path, 3, 6, 9)
    damage(newest)
    newest.with_name("12").mkdir()
    assert damage is other_arrays or latest_update(tmp_path) == 6
    with opened(tmp_path) as checkpoints:
        restored, position = checkpoints.restore(state_of(0))
        assert_same(restored, state_of(6, seed=6))
        assert position == {"next": 6}
        warnings = capsys.readouterr().err.splitlines()
        assert [line.split(": damaged (")[0] for line in warnings] == [
            f"warning: {newest.with_name(name)}" for name in ("12", "9")
        ]
        assert all(line.endswith("; that of update 6 is used") for line in warnings)
        assert newest.with_name("9.damaged").exists()
        checkpoints.save(state_of(9), {})  # which the run comes to again
        checkpoints.wait()
        assert_same(checkpoints.restore(state_of(0))[0], state_of(9))


def test_every_flipped_bit_is_noticed(tmp_path):
    checkpoint = saved(tmp_path, 3)
    paths, chance = files(checkpoint), random.Random(0)
    sizes = [path.stat().st_size for path in paths]
    for _ in range(50):
        (path,) = chance.choices(paths, sizes)
        before = path.read_bytes()
        changed = bytearray(before)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(DamageError, match=f"{path.name}: not as it was written"):
            verified(checkpoint)
        path.write_bytes(before)
    verified(checkpoint)


def test_nothing_is_changed_where_none_is_intact(tmp_path):
    newest = saved(tmp_path, 3, 6)
    for checkpoint in (newest, newest.with_name("3")):
        cut(checkpoint)
    before = content(tmp_path)
    with (
        opened(tmp_path) as checkpoints,
        pytest.raises(UserError, match="6: cannot be restored, nor can any other checkpoint"),
    ):
        checkpoints.restore(state_of(0))
    assert content(tmp_path) == before


def test_a_part_is_read_alone(tmp_path):
    saved(tmp_path, 3)
    read = newest_intact(tmp_path, {"params": state_of(0).params})
    np.testing.assert_array_equal(read.arrays["params"]["kernel"], state_of(3, 3).params["kernel"])
    with pytest.raises(UserError, match="lacks params/more"):
        newest_intact(tmp_path, {"params": {"more": jnp.zeros(3)}})
    with pytest.raises(UserError, match=r"params/scale is float32\[\]; expected float32\[3\]"):
        newest_intact(tmp_path, {"params": {"scale": jnp.zeros(3)}})


def test_the_latest_and_the_best_are_kept(tmp_path):
    scores = {1: None, 2: 0.5, 3: None, 4: 0.3, 5: 0.4, 6: 0.6, 7: None, 8: None}
    for keep_best, among, kept in ((0, [], [7, 8]), (2, [2, 4, 5], [4, 5, 7, 8])):
        folder = tmp_path / str(keep_best)
        folder.mkdir()
        best = []
        with opened(folder, 2, keep_best) as checkpoints:
            for step, score in scores.items():
                best += [step] * checkpoints.is_among_the_best(score)
                checkpoints.save(state_of(step), {}, score)
            checkpoints.wait()
        assert best == among
        assert steps(folder) == kept
        assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == list(
            map(str, kept)
        )


@pytest.mark.parametrize("where", ["params", "opt_state"])
def test_what_is_not_finite_is_not_saved(tmp_path, where):
    state = state_of(5)
    wrong = jax.tree.map(lambda leaf: leaf / 0, getattr(state, where))
    with (
        opened(tmp_path) as checkpoints,
        pytest.raises(UserError, match=f"5: not saved: {where}/.* is not finite"),
    ):
        checkpoints.save(state.replace(**{where: wrong}), {})
    assert steps(tmp_path) == []


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, limited_files):
    saved(tmp_path, 3)
    before = content(tmp_path)
    with opened(tmp_path) as checkpoints:
        with limited_files(100), pytest.raises(UserError, match=r"6: cannot be written \(File too"):
            checkpoints.save(state_of(6), {})
            checkpoints.wait()
        assert checkpoints.latest_step == 3
    assert content(tmp_path) == before
    saved(tmp_path, 6)  # as soon as there is room
    assert steps(tmp_path) == [6]


def test_what_killed_writers_left_is_removed(tmp_path):
    saved(tmp_path, 3)
    shutil.copytree(tmp_path / "checkpoints" / "3", tmp_path / "checkpoints" / "6.part")
    with opened(tmp_path) as checkpoints:
        assert checkpoints.latest_step == 3
    assert not (tmp_path / "checkpoints" / "6.part").exists()


@pytest.mark.parametrize("action", ["renamed", "removed", "replaced", "unlocked"])
def test_nothing_is_written_into_another_folder_than_the_locked_one(tmp_path, action):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder in (run, other):
        folder.mkdir()
    with opened(run) as checkpoints, locked(other):
        checkpoints.save(state_of(1), {})
        checkpoints.wait()
        if action == "removed":
            shutil.rmtree(run)
        elif action == "unlocked":
            (run / "lock").unlink()
        else:
            run.rename(tmp_path / "elsewhere")
        if action == "replaced":
            other.rename(run)
        with pytest.raises(UserError, match="run: no longer the folder that this process has"):
            checkpoints.save(state_of(2), {})
            checkpoints.wait()
    assert steps(run) == ([1] if action == "unlocked" else [])


@pytest.mark.parametrize("action", ["renamed", "removed", "replaced"])
def test_a_folder_moved_while_a_checkpoint_is_written_is_not_made_again(
    tmp_path, monkeypatch, action
):
    run, other = tmp_path / "run", tmp_path / "other"
    run.mkdir()
    other.mkdir()
    saved(other, 2)

    def move_and_write(*args):
        run.rename(tmp_path / "elsewhere")
        if action == "removed":
            shutil.rmtree(tmp_path / "elsewhere")
        elif action == "replaced":
            other.rename(run)
        write_arrays(*args)

    monkeypatch.setattr(experiments.run.written, "write_arrays", move_and_write)
    before = content(other)
    with opened(run) as checkpoints:
        checkpoints.save(state_of(1), {})
        with pytest.raises(UserError, match="run: no longer the folder that this process has"):
            checkpoints.wait()
    if action == "replaced":
        assert list(content(run).values()) == list(before.values())
    else:
        assert not run.exists()
