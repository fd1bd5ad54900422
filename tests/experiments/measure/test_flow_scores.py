import numpy as np
import pytest

from experiments.console.errors import UserError
from experiments.measure.flow_scores import FlowScores, TrueFlow


def truth():
    """Two squares that move by (3, 4) and (-2, 0), on still ground."""
    flow = np.zeros((10, 12, 2), np.float32)
    flow[1:4, 1:4] = 3, 4
    flow[6:9, 7:10] = -2, 0
    return flow


def objects():
    return truth().any(-1) * np.repeat([1, 2], 5)[:, None]


def known(flow=None, occluded=None):
    """What is known of a frame; moving MNIST's generator does not say what was occluded."""
    return TrueFlow(truth() if flow is None else flow, objects(), occluded)


def test_true_flow_scores_best():
    scores = FlowScores(threshold=1.0)
    scores.add(truth(), known())
    assert scores.scores() == {
        "endpoint_error": 0,
        "angular_error": 0,
        "within_1px": 1,
        "threshold": 1,
        "motion_iou": 1,
        "motion_ari": 1,
        "endpoint_error_all": 0,
    }


def test_zero_flow_errs_by_the_length_and_finds_nothing():
    scores = FlowScores(threshold=0.25)
    scores.add(np.zeros_like(truth()), known())
    ours = scores.scores()
    assert ours["endpoint_error"] == pytest.approx((9 * 5 + 9 * 2) / 18)
    angles = [np.degrees(np.arctan(5)), np.degrees(np.arctan(2))]
    assert ours["angular_error"] == pytest.approx(np.mean(angles), rel=1e-5)
    assert (ours["within_1px"], ours["motion_iou"], ours["motion_ari"]) == (0, 0, 0)


def test_errors_count_moving_pixels_alone_and_segmentation_all():
    flow = truth()
    flow[:, -1] = 9, 9  # still ground
    flow[1, 1] += 2, 0  # one of the 18 moving pixels
    scores = FlowScores(threshold=1.0)
    scores.add(flow, known())
    ours = scores.scores()
    assert ours["endpoint_error"] == pytest.approx(2 / 18)
    assert ours["within_1px"] == pytest.approx(17 / 18)
    assert ours["endpoint_error_all"] == pytest.approx((2 + 10 * np.hypot(9, 9)) / 120)
    assert ours["motion_iou"] == pytest.approx(18 / 28)
    assert ours["motion_ari"] < 1


def test_threshold_that_separates_best_is_found():
    flow = truth()
    flow[0] = 0.6, 0  # still ground; what moves is 2 pixels long or more
    scores = FlowScores()
    scores.add(flow, known())
    assert scores.best_threshold() == 0.75


def test_ground_just_left_counts_neither_way():
    flow, left = truth(), truth()
    left[4, 1:4] = 3, 4  # no digit there
    flow[4, 1] = 3, 4
    flow[4, 2] = 8, 8
    scores = FlowScores(threshold=1.0)
    scores.add(flow, known(left))
    ours = scores.scores()
    assert (ours["endpoint_error"], ours["motion_iou"], ours["motion_ari"]) == (0, 1, 1)


def test_ground_moves_too_where_occlusion_is_known():
    flow, occluded = truth(), np.zeros((10, 12), bool)
    flow[objects() == 0] = 0.5, 0  # the camera pans
    occluded[:, -1] = True
    ours = np.zeros_like(flow)
    ours[:, -1] = 9.5, 0
    scores = FlowScores(threshold=0.25)
    scores.add(ours, known(flow, occluded))
    found = scores.scores()
    lengths = 9 * 5 + 9 * 2 + (120 - 18 - 10) * 0.5
    assert found["endpoint_error"] == pytest.approx((lengths + 10 * 9) / 120)
    assert found["endpoint_error_all"] == found["endpoint_error"]
    assert found["endpoint_error_visible"] == pytest.approx(lengths / 110)
    assert found["motion_iou"] == pytest.approx(10 / 120)
    best = FlowScores(threshold=0.25)
    best.add(flow, known(flow, occluded))
    assert (best.scores()["motion_iou"], best.scores()["motion_ari"]) == (1, 1)


def test_motions_are_those_of_objects_and_alike_ones_are_one():
    flow = truth()
    flow[1:4, 1:4, 0] += np.linspace(-0.1, 0.1, 9, dtype=np.float32).reshape(3, 3)  # it turns
    count, labels = known(flow).motions()
    assert count == 2 and (labels >= 0).sum() == 18
    np.testing.assert_array_equal(labels[objects() == 1], 1)
    np.testing.assert_array_equal(labels[objects() == 2], 0)
    flow[6:9, 7:10] = 3.01, 3.99
    count, labels = known(flow).motions()
    assert count == 1 and set(labels[objects() > 0]) == {0}
    assert known(np.zeros_like(flow)).motions()[0] == 0


def test_pixels_that_hardly_move_are_still():
    flow = np.full((10, 12, 2), 0.03, np.float32)
    flow[0, 0] = 0.06, 0
    occluded = np.zeros((10, 12), bool)
    assert np.argwhere(known(flow, occluded).moving()).tolist() == [[0, 0]]


def test_frames_in_which_nothing_moves_have_no_score():
    scores = FlowScores(threshold=1.0)
    scores.add(truth(), known(np.zeros_like(truth())))
    with pytest.raises(UserError, match="nothing moves in the frames scored, 1; expected more"):
        scores.scores()
