import numpy as np
import pytest

from experiments.console.errors import UserError
from experiments.measure.flow_scores import CAUSES, FlowScores, TrueFlow


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
    causes = np.where(objects() == 2, CAUSES.index("crossing"), CAUSES.index("plain"))
    return TrueFlow(truth() if flow is None else flow, objects(), occluded, causes)


def by_cause(**found):
    """Shares and errors as scores have them, of causes that aren't named those of no pixel."""
    entries = {cause: found.get(cause, (0, None)) for cause in CAUSES}
    return {f"{c}_share": share for c, (share, _) in entries.items()} | {
        f"{c}_error": error for c, (_, error) in entries.items()
    }


def test_true_flow_scores_best():
    scores = FlowScores(threshold=1.0)
    scores.add(truth(), known())
    assert scores.scores() == by_cause(crossing=(0.5, 0), plain=(0.5, 0)) | {
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
    expected = by_cause(crossing=(0.5, 2), plain=(0.5, 5))
    assert {name: ours[name] for name in expected} == pytest.approx(expected)
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


def moving_squares(*paths, size=24, side=4):
    """An item of squares whose upper left corners (x, y) go along paths, the later in front."""
    num_frames = len(paths[0])
    masks = np.zeros((num_frames, size, size), np.uint8)
    flow = np.zeros((num_frames - 1, size, size, 2), np.float32)
    for k, path in enumerate(paths, start=1):
        for t, (x, y) in enumerate(path):
            masks[t, y : y + side, x : x + side] = k
    for k, path in enumerate(paths, start=1):
        for t in range(1, num_frames):
            flow[t - 1][masks[t] == k] = np.subtract(path[t - 1], path[t])
    return {"flow": flow, "object_mask": masks}


STRAIGHT = [(6 + n, 10) for n in range(7)]  # by one pixel, as is rounded, or two
STRAIGHT[5:] = [(12, 10), (13, 10)]
LEFT = [(10, 10), (8, 10), (6, 10), (8, 10), (10, 10), (12, 10), (14, 10)]  # turns at frame 3


@pytest.mark.parametrize(
    "path, frame, expected",
    [
        (STRAIGHT, 6, "plain"),
        (LEFT, 2, "plain"),
        (LEFT, 3, "turn"),
        (LEFT, 4, "after_turn"),
        (LEFT, 6, "after_turn"),
        (STRAIGHT[:1] * 6 + [(7, 10)], 6, "plain"),
    ],
)
def test_turns_are_told_from_the_motions_before(path, frame, expected):
    truth = TrueFlow.of(moving_squares(path), frame)
    assert {CAUSES[n] for n in truth.causes[truth.objects == 1]} == {expected}


def test_what_is_near_another_object_or_the_border_is_told():
    still = [(14, 10)] * 7
    truth = TrueFlow.of(moving_squares(still, [(5 + n, 10) for n in range(7)]), 3)  # at x = 8
    rows, columns = np.nonzero(truth.objects == 2)
    names = np.array(CAUSES)[truth.causes[rows, columns]]
    np.testing.assert_array_equal(names == "crossing", columns >= 10)  # 4 pixels to x = 14
    assert {*names[columns < 10]} == {"plain"}
    truth = TrueFlow.of(moving_squares([(n, 2) for n in range(7)]), 4)
    rows, columns = np.nonzero(truth.objects == 1)
    names = np.array(CAUSES)[truth.causes[rows, columns]]
    np.testing.assert_array_equal(names == "border", rows < 4)


def test_a_hidden_object_does_not_turn():
    hidden = moving_squares([(8 + 2 * n, 10) for n in range(5)], [(12, 10)] * 5)
    assert not (hidden["object_mask"][2] == 1).any()
    causes = TrueFlow.of(hidden, 4).causes[hidden["object_mask"][4] == 1]
    assert not {CAUSES[n] for n in causes} & {"turn", "after_turn"}
