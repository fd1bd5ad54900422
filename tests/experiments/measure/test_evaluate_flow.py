import json
import shutil
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_scenes import make_scenes
from small_run import SMALL, run, small_config

from data.batches import evaluation_batches
from experiments.configs.config import resolve
from experiments.measure.evaluation import make_predict
from experiments.measure.flow import (
    Method,
    best_shift,
    classical_method,
    flow_scores,
    model_method,
    shifted_method,
    true_cells_method,
    zero_method,
)
from experiments.run import build
from vstm.losses.photometric import FINEST_STEP
from vstm.training.update import init_state


def evaluate_flow(*flags):
    return run("evaluate_flow", *flags)


def test_scores_of_a_run_are_written_and_zero_flow_errs_by_the_digits_steps(run_copy):
    code, output, errors = evaluate_flow(f"--workdir={run_copy}", "--num_sequences=3")
    assert code == 0, errors
    assert "endpoint_error" in output
    result = json.loads((run_copy / "flow_test.json").read_text())
    assert result["num_sequences"] == 3
    test = build.moving_mnist(resolve(small_config()), "test")
    lengths = []
    for i in range(3):
        item = test.with_ground_truth(i)
        flow, digits = item["flow"][SMALL["tau"] - 1], item["object_mask"][SMALL["tau"]] > 0
        lengths.append(np.linalg.norm(flow, axis=-1)[digits & flow.any(-1)])
    assert result["zero"]["endpoint_error"] == pytest.approx(np.concatenate(lengths).mean())
    assert result["zero"]["motion_iou"] == 0
    assert set(result["model"]) == set(result["zero"])
    assert set(result["model_shifted"]) == {*result["zero"], "shift_u", "shift_v"}


def test_flow_that_is_wrong_by_a_constant_is_put_right_without_the_true_flow():
    source = build.moving_mnist(resolve(small_config()), "validation")

    def wrong(batch):
        return batch["flow"][:, 1] - np.array([1.5, -2.25], np.float32)

    shift = best_shift(Method(wrong, 2), source, 3, 2)
    np.testing.assert_allclose(shift, [1.5, -2.25], atol=FINEST_STEP)
    _, batch = next(evaluation_batches(source, 3, 3, ground_truth=True))
    right = shifted_method(Method(wrong, 2), shift).flows(batch)
    np.testing.assert_allclose(right, batch["flow"][:, 1], atol=FINEST_STEP + 1e-6)


def test_scenes_are_scored_against_their_own_truth():
    source = make_scenes(6)
    methods = {
        "zero": zero_method(2),
        "true": Method(lambda batch: batch["flow"][:, 1], 2),
        "cells": true_cells_method(2, 2),
    }
    scores = {
        name: scored.scores()
        for name, scored in flow_scores(methods, source, 6, 4, dict.fromkeys(methods, 0.25)).items()
    }
    items = [source.with_ground_truth(i) for i in range(6)]
    lengths = np.linalg.norm([item["flow"][1] for item in items], axis=-1)
    visible = ~np.stack([item["occluded"][1] for item in items])
    assert scores["zero"]["endpoint_error"] == pytest.approx(lengths[lengths > 0.05].mean())
    assert scores["zero"]["endpoint_error_all"] == pytest.approx(lengths.mean())
    assert scores["zero"]["endpoint_error_visible"] == pytest.approx(lengths[visible].mean())
    assert scores["true"]["endpoint_error_all"] == 0
    assert scores["cells"]["endpoint_error"] < 0.3 * scores["zero"]["endpoint_error"]


def rewritten(run_copy, **changes):
    """The run's folder, its configuration changed."""
    path = run_copy / "config.json"
    config = json.loads(path.read_text())
    for field, value in changes.items():
        section, _, name = field.partition("__")
        config[section] = config[section] | {name: value} if name else value
    path.write_text(json.dumps(config))
    return run_copy


def test_a_run_on_scenes_is_scored(run_copy):
    scenes = rewritten(run_copy, data__name="scenes")
    code, output, errors = evaluate_flow(f"--workdir={scenes}", "--num_sequences=3")
    assert code == 0, errors
    result = json.loads((scenes / "flow_test.json").read_text())
    assert result["model"]["endpoint_error_visible"] > 0
    assert "endpoint_error_visible" in output


def test_runs_that_cannot_be_scored_are_refused(run_copy, monkeypatch):
    monkeypatch.setattr(build, "source", lambda config, split: [])  # as video, without truth
    code, _, errors = evaluate_flow(f"--workdir={run_copy}")
    assert code == 2
    assert "trained on moving_mnist; expected data whose true flow is known" in errors
    code, _, errors = evaluate_flow(f"--workdir={rewritten(run_copy, tau=1, train__num_targets=1)}")
    assert code == 2 and "trained with tau=1; expected at least 2" in errors


def test_folder_without_a_model_is_named(run_copy):
    (run_copy / "model.npz").unlink()
    shutil.rmtree(run_copy / "checkpoints")
    code, _, errors = evaluate_flow(f"--workdir={run_copy}")
    assert code == 2
    assert f"{run_copy}/checkpoints: no checkpoint; train first" in errors


def test_classical_methods_are_refused_without_opencv_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)  # its import fails
    code, _, errors = evaluate_flow(f"--workdir={tmp_path / 'missing'}", "--classical")
    assert code == 2
    assert errors.startswith("error: classical flow needs OpenCV")


def test_a_batch_that_is_not_full_counts_each_sequence_once():
    source = build.moving_mnist(resolve(small_config()), "test")
    methods, thresholds = {"zero": zero_method(2)}, {"zero": 1.0}
    first, *others = (
        flow_scores(methods, source, 3, batch_size, thresholds)["zero"].scores()
        for batch_size in (1, 2, 8)
    )
    assert others == [first, first]


def test_methods_scored_together_get_the_scores_that_they_get_alone():
    config = resolve(small_config())
    source = build.moving_mnist(config, "test")
    network = build.make_model(config)
    params = init_state(
        network, build.make_tx(config, config.data.num_train), jax.random.key(0), (30, 30, 1)
    ).params
    kernel = params["flow_head"]["Conv2D_2"]["kernel"]  # zero at initialisation, as the flow
    params["flow_head"]["Conv2D_2"]["kernel"] = kernel + 1.0
    predict = make_predict(network)(params)

    def methods():
        model = model_method(predict, 2)
        shifted = shifted_method(model, np.ones(2))
        return {"model": model, "shifted": shifted, "zero": zero_method(2)}

    together = flow_scores(methods(), source, 5, 2, dict.fromkeys(methods(), 1.0))
    assert together["model"].scores() != together["shifted"].scores()
    for name, method in methods().items():
        alone = flow_scores({name: method}, source, 5, 2, {name: 1.0})
        assert together[name].scores() == alone[name].scores()


@pytest.mark.bench("cv2")
def test_classical_flow_of_a_moving_texture_scores_near_zero_seen_and_carried_on():
    texture = np.random.default_rng(0).random((40, 40))
    texture = np.asarray(jnp.convolve(texture.ravel(), jnp.ones(5) / 5, mode="same"))
    texture = texture.reshape(40, 40)
    smooth = sum(np.roll(texture, k, axis=0) for k in range(5)) / 5
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    frames = np.stack([np.roll(smooth, 2 * t, axis=1) for t in range(3)])[..., None]
    flow = np.broadcast_to(np.array([-2.0, 0.0], np.float32), (2, 40, 40, 2))
    batch = {"frames": frames.astype(np.float32)[None], "flow": flow[None]}
    for seen in (True, False):
        method = classical_method(2, "dis", seen)
        (ours,) = method.flows(batch)
        assert method.frame == (1 if seen else 2)
        error = np.linalg.norm(ours - flow[0], axis=-1)[8:-8, 8:-8]
        assert np.median(error) < 0.2


def test_true_cells_have_the_motion_of_most_of_their_moving_pixels():
    flow = np.zeros((1, 4, 4, 2), np.float32)
    flow[0, :2, :2] = 1, 2
    flow[0, 0, 0] = 3, 3  # one of four pixels
    flow[0, 2, 2] = 5, 5  # one that moves, three that stand still
    flow[0, 0, 2] = 7, 7  # ground just left
    objects = flow[..., 0] * (flow[..., 0] != 7)  # as many as there are motions
    masks = np.stack([np.zeros_like(objects), objects], axis=1).astype(np.uint8)
    frames = np.zeros((1, 2, 4, 4, 1), np.float32)
    batch = {"frames": frames, "flow": flow[None], "object_mask": masks}
    (ours,) = true_cells_method(1, 2).flows(batch)
    expected = np.zeros((4, 4, 2))
    expected[:2, :2] = 1, 2
    expected[2:, 2:] = 5, 5
    np.testing.assert_array_equal(ours, expected)
