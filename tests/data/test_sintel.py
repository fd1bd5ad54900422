import shutil

import numpy as np
import pytest
from made_sintel import HEIGHT, WIDTH, make_scene, make_sintel
from PIL import Image

from data.sintel import Sintel


def test_pairs_of_the_full_layout_in_order(tmp_path):
    made = make_sintel(tmp_path, {"alley": 3, "bamboo": 2})
    pairs = Sintel(tmp_path, "final")
    assert [(pair.scene, pair.frame.name) for pair in pairs.pairs] == [
        ("alley", "frame_0001.png"),
        ("alley", "frame_0002.png"),
        ("bamboo", "frame_0001.png"),
    ]
    for item, (scene, t) in zip(pairs, [("alley", 0), ("alley", 1), ("bamboo", 0)], strict=True):
        frames, flows, hidden = made[scene]
        np.testing.assert_array_equal(item["frames"], frames[t : t + 2].astype(np.float32) / 255)
        np.testing.assert_array_equal(item["flow"], flows[t])
        np.testing.assert_array_equal(item["visible"], ~hidden[t] & ~np.isnan(flows[t]).any(-1))


def test_renderings_differ(tmp_path):
    make_sintel(tmp_path, {"alley": 2})
    clean, final = (Sintel(tmp_path, name)[0]["frames"] for name in ("clean", "final"))
    assert np.abs(clean - final).max() > 0.1


def test_frames_and_flows_side_by_side(tmp_path):
    frames, flows, _ = make_scene(0, 3)
    make_sintel(tmp_path / "full", {"alley": 3})
    folder = tmp_path / "one"
    shutil.copytree(tmp_path / "full/training/final/alley", folder)
    shutil.copytree(tmp_path / "full/training/flow/alley", folder, dirs_exist_ok=True)
    pairs = Sintel(folder)
    assert len(pairs) == 2
    assert pairs.pairs[0].occlusion is None
    np.testing.assert_array_equal(pairs[0]["visible"], ~np.isnan(flows[0]).any(-1))
    np.testing.assert_array_equal(pairs[1]["frames"][1], frames[2].astype(np.float32) / 255)


def test_missing_frame_is_named(tmp_path):
    make_sintel(tmp_path, {"alley": 3})
    missing = tmp_path / "training/clean/alley/frame_0003.png"
    missing.unlink()
    with pytest.raises(ValueError, match=f"{missing}: no such file"):
        Sintel(tmp_path)


def test_folder_without_flows_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path}: no flows; expected training/flow/SCENE"):
        Sintel(tmp_path)


def test_unknown_rendering_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="'albedo'; expected one of clean, final"):
        Sintel(tmp_path, "albedo")


def test_flow_without_a_number_is_an_error(tmp_path):
    make_sintel(tmp_path, {"alley": 2})
    flow = tmp_path / "training/flow/alley/frame_0001.flo"
    flow.rename(flow.with_name("flow.flo"))
    with pytest.raises(ValueError, match=r"flow.flo: expected a name such as frame_0001.flo"):
        Sintel(tmp_path)


@pytest.mark.parametrize(
    "damage, expected",
    [
        (lambda path: path.write_text("no image"), "not a readable image"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "not a readable image"),
        (
            lambda path: Image.new("RGB", (WIDTH + 1, HEIGHT)).save(path),
            rf"\({HEIGHT}, {WIDTH + 1}\) pixels; expected \({HEIGHT}, {WIDTH}\)",
        ),
    ],
    ids=["text", "cut off", "other size"],
)
def test_damaged_frame_is_named(tmp_path, damage, expected):
    make_sintel(tmp_path, {"alley": 2})
    path = tmp_path / "training/clean/alley/frame_0002.png"
    damage(path)
    with pytest.raises(ValueError, match=f"{path}: {expected}"):
        Sintel(tmp_path)[0]
