import json

import pytest
from small_run import run

from experiments.console.errors import UserError
from experiments.run.lock import locked

BUSY = "another process is training or evaluating in this folder"


@pytest.mark.parametrize("program", ["evaluate", "evaluate_ahead", "evaluate_flow", "probe"])
def test_a_run_that_trains_is_not_scored_at_whatever_update_it_has_reached(run_copy, program):
    file = run_copy / "config.json"
    config = json.loads(file.read_text())
    config["data"]["sequence_length"] = 12  # of which ten frames can be predicted
    file.write_text(json.dumps(config))
    before = sorted(path.name for path in run_copy.iterdir())
    with locked(run_copy):
        code, _, errors = run(program, f"--workdir={run_copy}")
    assert code == 2
    assert f"{run_copy}: {BUSY}" in errors
    assert sorted(path.name for path in run_copy.iterdir()) == before


def test_scores_of_several_kinds_are_taken_at_once_but_not_while_the_run_trains(tmp_path):
    with locked(tmp_path, shared=True), locked(tmp_path, shared=True) as lock:
        lock.check()
        with pytest.raises(UserError, match=BUSY), locked(tmp_path):
            pass
    with locked(tmp_path), pytest.raises(UserError, match=BUSY), locked(tmp_path, shared=True):
        pass
