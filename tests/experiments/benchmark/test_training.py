import json

from small_run import run

from experiments.benchmark import training


def test_rows_are_of_a_device_and_commit_and_one_cut_off_is_measured_the_next_time(
    tmp_path, monkeypatch
):
    measured = []
    monkeypatch.setattr(training, "_device", lambda: "card")

    def measure(setting, seconds_left):
        measured.append(setting)
        return {2: None, 3: {"failed": "no memory"}}.get(len(measured), {"device": "c"})

    monkeypatch.setattr(training, "_measure", measure)
    flags = ("--toy", f"--output={tmp_path}")
    assert run("benchmark.training", *flags)[0] == 0
    path = tmp_path / "training.jsonl"
    rows = list(map(json.loads, path.read_text().splitlines()))
    assert len(measured) == len(rows) + 1 > 3
    assert {row["device"] for row in rows} == {"card"}
    first, number = list(measured), len(measured)
    assert run("benchmark.training", *flags)[0] == 0
    assert measured[number:] == [first[1]]  # not what failed
    for key, value in (("device", "another"), ("device", None), ("commit", "another")):
        path.write_text("".join(json.dumps(row | {key: value}) + "\n" for row in rows))
        number = len(measured)
        assert run("benchmark.training", *flags)[0] == 0
        assert measured[number:] == first


def test_the_device_is_this_processs():
    from experiments.run.provenance import device

    assert training._device() == device()
