import json
import os

import pytest

from experiments.configs import default
from experiments.configs.config import differences, read_json, resolve
from experiments.configs.fields import flatten
from experiments.console.errors import UserError
from experiments.run.folder import check_run_folder, entered, write_config
from experiments.run.lock import locked
from experiments.run.manifest import Manifest, write_manifest


@pytest.fixture
def config():
    return resolve(default.get_config())


def open_run_folder(folder, config):
    with entered(folder, config) as (there, _):
        write_config(folder, config)
        return there


def save(folder, step):
    checkpoint = folder / "checkpoints" / str(step)
    checkpoint.mkdir(parents=True)
    write_manifest(checkpoint, Manifest({}, None, {}))


def changed(config, **changes):
    other = config.copy_and_resolve_references()
    other.update_from_flattened_dict(changes)
    return resolve(other)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_new_folder_gets_the_configuration(config, tmp_path):
    folder = tmp_path / "a" / "b"
    assert open_run_folder(folder, config) is None
    assert json.loads((folder / "config.json").read_text())["moving_mnist"]["pixels"] == "binary"


def test_same_run_is_entered_and_left_as_it_is(config, tmp_path):
    open_run_folder(tmp_path, config)
    before = content(tmp_path)
    open_run_folder(tmp_path, config)
    assert content(tmp_path) == before


def test_folder_of_a_run_killed_at_its_start_is_entered(config, tmp_path):
    for left in ("config.json.part", "config.json.0a1b2c3d.part", "lock"):
        (tmp_path / left).write_text('{"ta')
    open_run_folder(tmp_path, config)
    assert json.loads((tmp_path / "config.json").read_text())["tau"] == 10


def test_a_folder_belongs_to_a_run_from_its_configuration_on(config, tmp_path):
    with pytest.raises(ZeroDivisionError), entered(tmp_path / "run", config):
        raise ZeroDivisionError
    open_run_folder(tmp_path / "run", changed(config, seed=3))


def test_files_that_killed_writers_left_are_in_nobodys_way(config, tmp_path):
    open_run_folder(tmp_path, config)
    for left in ("config.json.part", "model.npz.part", "eval_test.json.0a1b2c3d.part"):
        (tmp_path / left).write_text("half")
    assert differences(open_run_folder(tmp_path, config), config) == {}


def test_run_of_another_configuration_is_refused(config, tmp_path):
    open_run_folder(tmp_path, config)
    before = content(tmp_path)
    others = {"tau": 9, "train.initial_model": "runs/x", "evaluation.num_test": 5}
    with pytest.raises(UserError, match="another configuration") as raised:
        open_run_folder(tmp_path, changed(config, **others))
    assert "tau: 9 / 10; train.initial_model: 'runs/x' / ''. Choose" in str(raised.value)
    assert "evaluation" not in str(raised.value)  # may change
    assert content(tmp_path) == before


def test_refusal_tells_how_to_go_on_from_the_model(config, tmp_path):
    open_run_folder(tmp_path, config)
    (tmp_path / "model.npz").write_text("")
    with pytest.raises(UserError, match=f"--config.train.initial_model={tmp_path} begins with"):
        check_run_folder(tmp_path, changed(config, seed=3))


@pytest.mark.parametrize(
    "path, value",
    [
        ("evaluation.num_test", 5),
        ("evaluation.batch_size", 5),
        ("train.log_every_steps", 3),
        ("train.image_every_steps", 3),
        ("train.validate_every_steps", 3),
        ("train.checkpoint_every_steps", 3),
        ("train.keep_checkpoints", 3),
        ("train.num_sequences", 100_000),
        ("train.num_sequences", 400),
        ("precision", "bfloat16"),  # as runs from before the field have it
    ],
)
def test_what_the_updates_do_not_depend_on_may_change(config, tmp_path, path, value):
    open_run_folder(tmp_path, config)
    save(tmp_path, 100)  # updates, of 4 sequences
    there = open_run_folder(tmp_path, changed(config, **{path: value}))
    assert differences(there, config) == {}
    assert flatten(read_json(tmp_path / "config.json"))[path] == value


def test_a_model_without_checkpoints_is_not_trained_over(config, tmp_path):
    open_run_folder(tmp_path, config)
    (tmp_path / "model.npz").write_text("")
    before = content(tmp_path)
    with pytest.raises(UserError, match="a trained model without checkpoints"):
        open_run_folder(tmp_path, config)
    assert content(tmp_path) == before


def test_a_run_does_not_become_shorter_than_it_is(config, tmp_path):
    open_run_folder(tmp_path, config)
    save(tmp_path, 100)
    before = (tmp_path / "config.json").read_bytes()
    shorter = changed(config, **{"train.num_sequences": 396})
    with pytest.raises(UserError, match=r"has trained 400 sequences; .*num_sequences=396"):
        open_run_folder(tmp_path, shorter)
    assert (tmp_path / "config.json").read_bytes() == before


def test_the_recipes_name_alone_is_no_other_configuration(config, tmp_path):
    open_run_folder(tmp_path, config)
    check_run_folder(tmp_path, changed(config, recipe="paper"))


def test_one_process_at_a_time(config, tmp_path):
    with (
        entered(tmp_path, config),
        pytest.raises(UserError, match="another process is training or evaluating"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


def test_foreign_folder_is_refused(config, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match=r"not a run's folder"):
        open_run_folder(tmp_path, config)
    assert content(tmp_path) == {"thesis.tex": b"precious"}


def test_file_in_the_place_of_the_folder_is_refused(config, tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    for workdir in (path, path / "below", tmp_path / "a\0b"):
        with pytest.raises(UserError, match="cannot be used as workdir"):
            open_run_folder(workdir, config)
    assert path.read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission_is_refused(config, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        open_run_folder(tmp_path / "run", config)
    tmp_path.chmod(0o700)
