import numpy as np
import pytest

from experiments.measure.video.moments import Moment
from experiments.measure.video.scores import (
    DISTANCE_FLOOR,
    ERROR_FLOOR,
    all_clips_row,
    clip_row,
    moment_scores,
)
from vstm.inference.predictor import Prediction

SIZE = 20, 24


def constant(*values):
    return np.full((*SIZE, *np.shape(values)[1:]), values[0], np.float32)


def flow(u, v):
    return np.broadcast_to(np.float32([u, v]), (*SIZE, 2))


def moment(last, target, predicted, ours=(0, 0), dis=(0, 0), farneback=(0, 0), reference=(0, 0)):
    """Of frames of one intensity each, and of constant flows."""
    made = Prediction(constant(predicted), flow(*ours), *[np.empty(0)] * 2, pytest.fail)
    carried = {"dis": flow(*dis), "farneback": flow(*farneback)}
    frames = constant(last), constant(last), constant(target)
    return Moment(1, *frames, made, carried, flow(*reference))


def scored(**changes):
    """Scores of a moment, for rows."""
    names = ("error_ours", "error_copy", "error_dis", "error_farneback", "length_reference")
    names += ("distance_ours", "distance_dis", "distance_farneback")
    names += ("still", "still_ours", "still_dis", "still_farneback", "duplicate")
    return dict.fromkeys(names, 0.0) | changes


def test_errors_and_distances_of_constants():
    scores = moment_scores(
        moment(0.2, 0.5, 0.4, ours=(3, 4), dis=(0, 2), farneback=(3, 0), reference=(3, 0))
    )
    expected = scored(
        error_ours=0.1**2,
        error_copy=0.3**2,
        error_dis=0.3**2,
        error_farneback=0.3**2,
        length_reference=3,
        distance_ours=4,
        distance_dis=13**0.5,
    )
    assert scores == pytest.approx(expected, rel=1e-5)


def test_flow_where_all_stands_still_and_duplicates():
    scores = moment_scores(moment(0.2, 0.2, 0.2, ours=(3, 4), dis=(0, 2)))
    expected = scored(
        distance_ours=5, distance_dis=2, still=1, still_ours=5, still_dis=2, duplicate=1
    )
    assert scores == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert moment_scores(moment(0.2, 0.2 + 0.28 / 255, 0.2))["duplicate"] == 1  # below rounding's
    assert moment_scores(moment(0.2, 0.2 + 0.30 / 255, 0.2))["duplicate"] == 0


def test_what_is_predicted_is_scored_as_it_is_shown():
    assert moment_scores(moment(0.2, 1.0, 1.7))["error_ours"] == 0


def test_a_clip_is_the_mean_of_its_frames():
    row = clip_row(
        "a",
        [
            scored(error_ours=2e-3, error_copy=1e-3, error_dis=8e-3, length_reference=1.0),
            scored(error_ours=4e-3, error_copy=7e-3, error_dis=2e-3, distance_ours=2.0),
        ],
    )
    assert (row["clip"], row["frames"], row["duplicates"]) == ("a", 2, 0)
    assert row["error_ours"] == pytest.approx(3e-3)
    assert row["ours_to_copy"] == pytest.approx((3e-3 + ERROR_FLOOR) / (4e-3 + ERROR_FLOOR))
    assert row["dis_to_copy"] == pytest.approx((5e-3 + ERROR_FLOOR) / (4e-3 + ERROR_FLOOR))
    assert row["ours_to_better"] == row["ours_to_copy"]  # a copy is better than DIS
    assert (row["worse_than_copy"], row["worse_than_better"]) == (0, 0)
    assert row["ours_to_zero"] == pytest.approx((1 + DISTANCE_FLOOR) / (0.5 + DISTANCE_FLOOR))


def test_where_dis_is_better_ours_is_compared_with_it():
    row = clip_row("a", [scored(error_ours=2e-3, error_copy=3e-3, error_dis=1e-3)])
    assert row["ours_to_better"] == pytest.approx((2e-3 + ERROR_FLOOR) / (1e-3 + ERROR_FLOOR))
    assert (row["worse_than_copy"], row["worse_than_better"]) == (0, 1)


def test_a_clip_without_any_change_has_finite_ratios():
    row = clip_row("a", [scored(error_ours=ERROR_FLOOR, distance_ours=DISTANCE_FLOOR)])
    assert row["ours_to_copy"] == row["ours_to_better"] == row["ours_to_zero"] == 2
    assert row["dis_to_copy"] == row["dis_to_zero"] == 1


def test_flow_where_nothing_moves_is_over_those_pixels_of_all_frames():
    frames = [scored(still=0.3, still_ours=0.3 * 2), scored(still=0.1, still_ours=0.1 * 6)]
    row = clip_row("a", frames)
    assert row["still"] == pytest.approx(0.2)
    assert row["still_ours"] == pytest.approx((0.3 * 2 + 0.1 * 6) / 0.4)
    row = clip_row("a", [scored(still=0.009, still_ours=0.1)])
    assert row["still"] == pytest.approx(0.009)
    assert row["still_ours"] is row["still_dis"] is None


def test_over_clips_ratios_have_their_geometric_mean():
    rows = [
        clip_row("a", [scored(error_ours=8.0, error_copy=1.0, error_dis=2.0, still=0.5)]),
        clip_row("b", 2 * [scored(error_ours=2.0, error_copy=4.0, error_dis=1.0, still_ours=3.0)]),
    ]
    total = all_clips_row(rows)
    assert (total["clip"], total["frames"]) == ("all 2", 3)
    assert total["error_ours"] == 5
    assert total["ours_to_copy"] == pytest.approx(2, rel=1e-5)
    assert total["ours_to_better"] == pytest.approx(4, rel=1e-5)
    assert (total["worse_than_copy"], total["worse_than_better"]) == (1, 2)
    assert total["still"] == 0.25
    assert total["still_ours"] == 0  # of the first alone
    assert all_clips_row(rows[1:])["still_ours"] is None


def test_distances_of_sums_are_decided_by_fast_clips():
    rows = [
        clip_row("a", [scored(distance_ours=0.2, length_reference=0.1)]),
        clip_row("b", [scored(distance_ours=5.0, length_reference=10.0)]),
    ]
    total = all_clips_row(rows)
    assert total["ours_to_zero_of_sums"] == pytest.approx(5.2 / 10.1)
    ratios = (0.25 / 0.15, 5.05 / 10.05)
    assert total["ours_to_zero"] == pytest.approx(np.prod(ratios) ** 0.5)
    assert all_clips_row([clip_row("c", [scored()])])["ours_to_zero_of_sums"] is None
