"""Checkpoints of a small state: whole, kept by count and by score, in the locked folder alone."""

import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_checkpoints import content, numbers, opened, saved, state_of

import experiments.run.written
from experiments.console.errors import UserError
from experiments.run.lock import locked
from experiments.run.stored import newest_intact, steps
from experiments.run.written import write_arrays
from vstm.training.update import TrainState


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
