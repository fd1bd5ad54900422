import json
from contextlib import closing

import pytest

from experiments.console.errors import UserError
from experiments.run.metrics_log import MetricsLog


def test_log_drops_what_came_after_the_checkpoint_and_a_cut_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n{"step": 3, "loss": 1}\n{"st')
    log = MetricsLog(tmp_path, last_step=2)
    log.write(3, {"loss": 0.5})
    log.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["step"], line["loss"]) for line in lines] == [(1, 3), (2, 2), (3, 0.5)]


def test_log_drops_what_is_no_line_of_a_log(tmp_path):
    path = tmp_path / "metrics.jsonl"
    wrong = (b"[1]", b"\xff\xfe", b'{"step": true}', b'{"step": 1, "a": "b"}', b"[" * 10**5, b"3")
    path.write_bytes(b"\n".join((*wrong, b'{"step": 1, "loss": null}')) + b"\n")
    log = MetricsLog(tmp_path, last_step=2)
    log.close()
    assert log.earlier == [{"step": 1, "loss": None}]
    assert path.read_text() == '{"step": 1, "loss": null}\n'


def test_a_full_disk_is_named_and_the_log_is_closed(tmp_path, limited_files):
    log = MetricsLog(tmp_path, last_step=0)
    with limited_files(30), pytest.raises(UserError, match=r"metrics.jsonl: cannot be written"):
        for step in range(5):
            log.write(step, {"a": 1})
    log.close()
    with closing(MetricsLog(tmp_path, last_step=5)) as log:
        assert log.earlier == [{"step": 0, "a": 1}]
