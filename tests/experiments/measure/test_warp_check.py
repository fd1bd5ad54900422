import json

import numpy as np
import pytest
from made_sintel import make_sintel
from scipy.ndimage import map_coordinates
from small_run import run

from data.sintel import Sintel
from experiments.measure.warp import check, figure, warped_pair
from experiments.run.provenance import device


def sampled(frame, flow):
    """SciPy's order-1 interpolation at x + flow, zero outside (its mode `constant`)."""
    height, width, channels = frame.shape
    rows, columns = np.mgrid[:height, :width]
    at = np.stack([rows + flow[..., 1], columns + flow[..., 0]])
    return np.stack(
        [map_coordinates(frame[..., c], at, order=1, cval=0) for c in range(channels)], axis=-1
    )


def expected_errors(directory):
    """Mean absolute and squared error by direction, region, and with or without the warp."""
    differences = {}
    for pair in Sintel(directory):
        first, second = pair["frames"].astype(np.float64)
        flow = np.nan_to_num(pair["flow"])
        known = ~np.isnan(pair["flow"]).any(-1)
        made = {"t from t+1": sampled(second, flow), "t+1 from t": sampled(first, -flow)}
        for direction, (truth, other) in {
            "t from t+1": (first, second),
            "t+1 from t": (second, first),
        }.items():
            for region, mask in {"known": known, "visible": pair["visible"]}.items():
                values = differences.setdefault((direction, region), ([], []))
                values[0].extend((made[direction] - truth)[mask].ravel())
                values[1].extend((other - truth)[mask].ravel())
    return differences


def test_errors_equal_scipys_over_all_pairs(tmp_path):
    make_sintel(tmp_path, {"alley": 3, "bamboo": 2})
    rows = check(Sintel(tmp_path))
    expected = expected_errors(tmp_path)
    assert [(row["frame"], row["pixels"]) for row in rows] == list(expected)
    for row in rows:
        warped, unwarped = map(np.array, expected[row["frame"], row["pixels"]])
        assert row["pairs"] == 3
        assert row["mean_absolute"] == pytest.approx(np.abs(warped).mean(), rel=1e-5)
        assert row["mean_squared"] == pytest.approx((warped**2).mean(), rel=1e-5)
        assert row["no_warp_mean_absolute"] == pytest.approx(np.abs(unwarped).mean(), rel=1e-5)
        assert row["no_warp_mean_squared"] == pytest.approx((unwarped**2).mean(), rel=1e-5)


def test_a_shift_is_undone_in_both_directions():
    base = np.random.default_rng(0).uniform(size=(12, 18, 3)).astype(np.float32)
    first, second = base[2:10, 1:15], base[1:9, 4:18]  # content moves by (-3, +1)
    flow = np.broadcast_to(np.float32([-3, 1]), (8, 14, 2))
    made = warped_pair(np.stack([first, second]), flow)
    np.testing.assert_allclose(made[0][:-1, 3:], first[:-1, 3:], atol=1e-6)
    np.testing.assert_allclose(made[1][1:, :-3], second[1:, :-3], atol=1e-6)


def test_picture_is_written(tmp_path):
    make_sintel(tmp_path, {"alley": 2})
    figure(Sintel(tmp_path)[0], tmp_path / "figure3.png")
    content = (tmp_path / "figure3.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert b"tEXt" not in content and b"matplotlib" not in content.lower()


def test_command_writes_its_results(tmp_path):
    make_sintel(tmp_path, {"alley": 2})
    output = tmp_path / "out"
    code, _, errors = run("warp_check", f"--source={tmp_path}", f"--output={output}")
    assert code == 0, errors
    rows = json.loads((output / "results.json").read_text())
    assert [row["device"] for row in rows] == 4 * [device()]
    assert "t+1 from t" in (output / "results.md").read_text()
    assert (output / "figure3.png").exists()
    assert (output / "results.md").read_text().startswith("Written by `python -m")


def test_command_names_a_folder_without_flows(tmp_path):
    code, _, errors = run("warp_check", f"--source={tmp_path}")
    assert code == 2
    assert errors.startswith(f"error: --source: {tmp_path}: no flows")


def test_an_output_that_cannot_be_made_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.measure.warp.check", None)
    (tmp_path / "file").touch()
    code, _, errors = run("warp_check", f"--source={tmp_path}", f"--output={tmp_path}/file")
    assert (code, f"{tmp_path}/file: cannot be written (File exists)" in errors) == (2, True)
