import numpy as np
import pytest

from experiments.measure.flow_scores import FlowScores


def truth():
    """Two squares that move by (3, 4) and (-2, 0), on still ground."""
    flow = np.zeros((10, 12, 2), np.float32)
    flow[1:4, 1:4] = 3, 4
    flow[6:9, 7:10] = -2, 0
    return flow


def digits():
    return truth().any(-1)


def test_true_flow_scores_best():
    scores = FlowScores(threshold=1.0)
    scores.add(truth(), truth(), digits())
    assert scores.scores() == {
        "endpoint_error": 0,
        "angular_error": 0,
        "within_1px": 1,
        "threshold": 1,
        "motion_iou": 1,
        "motion_ari": 1,
    }


def test_zero_flow_errs_by_the_length_and_finds_nothing():
    scores = FlowScores(threshold=0.25)
    scores.add(np.zeros_like(truth()), truth(), digits())
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
    scores.add(flow, truth(), digits())
    ours = scores.scores()
    assert ours["endpoint_error"] == pytest.approx(2 / 18)
    assert ours["within_1px"] == pytest.approx(17 / 18)
    assert ours["motion_iou"] == pytest.approx(18 / 28)
    assert ours["motion_ari"] < 1


def test_threshold_that_separates_best_is_found():
    flow = truth()
    flow[0] = 0.6, 0  # still ground; what moves is 2 pixels long or more
    scores = FlowScores()
    scores.add(flow, truth(), digits())
    assert scores.best_threshold() == 0.75


def test_ground_just_left_counts_neither_way():
    flow, left = truth(), truth()
    left[4, 1:4] = 3, 4  # no digit there
    flow[4, 1] = 3, 4
    flow[4, 2] = 8, 8
    scores = FlowScores(threshold=1.0)
    scores.add(flow, left, digits())
    ours = scores.scores()
    assert (ours["endpoint_error"], ours["motion_iou"], ours["motion_ari"]) == (0, 1, 1)
