import json
import os

import pytest

from experiments.configs import default
from experiments.run.config import resolve
from experiments.run.errors import UserError
from experiments.run.run_folder import MetricsLog, open_run_folder


@pytest.fixture
def config():
    return resolve(default.get_config())


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_new_folder_gets_the_configuration(config, tmp_path):
    folder = open_run_folder(tmp_path / "a" / "b", config)
    assert json.loads((folder / "config.json").read_text())["data"]["pixels"] == "binary"


def test_same_run_is_entered_and_left_as_it_is(config, tmp_path):
    open_run_folder(tmp_path, config)
    before = content(tmp_path)
    open_run_folder(tmp_path, config)
    assert content(tmp_path) == before


def test_folder_of_a_run_killed_at_its_start_is_entered(config, tmp_path):
    (tmp_path / "config.json.part").write_text('{"ta')
    folder = open_run_folder(tmp_path, config)
    assert json.loads((folder / "config.json").read_text())["tau"] == 10


def test_run_of_another_configuration_is_refused(config, tmp_path):
    open_run_folder(tmp_path, config)
    before = content(tmp_path)
    other = default.get_config()
    other.tau = 7
    with pytest.raises(UserError, match=r"another configuration.*tau: 7 / 10"):
        open_run_folder(tmp_path, resolve(other))
    assert content(tmp_path) == before


def test_foreign_folder_is_refused(config, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match=r"not a run's folder"):
        open_run_folder(tmp_path, config)
    assert content(tmp_path) == {"thesis.tex": b"precious"}


def test_file_in_the_place_of_the_folder_is_refused(config, tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    for workdir in (path, path / "below"):
        with pytest.raises(UserError, match="cannot be used as workdir"):
            open_run_folder(workdir, config)
    assert path.read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission_is_refused(config, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        open_run_folder(tmp_path / "run", config)
    tmp_path.chmod(0o700)


def test_log_drops_what_came_after_the_checkpoint_and_a_cut_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n{"step": 3, "loss": 1}\n{"st')
    log = MetricsLog(tmp_path, last_step=2)
    log.write(3, {"loss": 0.5})
    log.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["step"], line["loss"]) for line in lines] == [(1, 3), (2, 2), (3, 0.5)]
