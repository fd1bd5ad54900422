"""Programs exported from a run, run in a process without this project."""

import json
import shutil
from pathlib import Path

import pytest
from small_run import run

from experiments.measure.exported import TOLERANCE

RUN = Path(__file__).parents[1] / "run" / "format1"


pytestmark = pytest.mark.usefixtures("unchecked_annotations")


@pytest.mark.bench("flatbuffers")
def test_a_run_is_exported_and_its_programs_agree_elsewhere(tmp_path, monkeypatch):
    folder = shutil.copytree(RUN, tmp_path / "run")
    code, output, errors = run("export", f"--workdir={folder}")
    assert (code, errors) == (0, "")
    assert "step.stablehlo: within" in output
    content = json.loads((folder / "export" / "programs.json").read_text())
    assert content["step"] == 8
    assert max(content["differences"].values()) <= TOLERANCE
    assert {path.name for path in (folder / "export").iterdir()} == {
        "programs.json",
        *(f"{name}.stablehlo" for name in content["programs"]),
    }
    monkeypatch.setattr("experiments.measure.exported.TOLERANCE", -1.0)
    code, _, errors = run("export", f"--workdir={folder}", f"--output={tmp_path / 'other'}")
    assert code == 2
    assert "differs from the model by" in errors
