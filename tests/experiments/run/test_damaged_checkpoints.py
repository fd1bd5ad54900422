"""Damage to checkpoints is noticed, and the one before is used."""

import random
import shutil

import numpy as np
import pytest
from made_checkpoints import assert_same, content, files, opened, saved, state_of

from experiments.console.errors import UserError
from experiments.run.manifest import DamageError, Manifest, verified, write_manifest
from experiments.run.stored import digests, latest_update
from experiments.run.written import write_arrays


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
