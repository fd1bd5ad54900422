from dataclasses import replace

import numpy as np
import pytest

from experiments.pictures import FLOW_SCALE
from experiments.pictures.flow_colours import flow_image, legend
from experiments.prediction.contact_sheet import NUM_MOMENTS, ChosenMoments, contact_sheet
from experiments.prediction.moment import Moment
from experiments.prediction.panels import flow_panel, side_by_side

LABELS = 112  # pixels beside the rows of a contact sheet


def colour(u, v):
    """That of a thing that moves by (u, v)."""
    return flow_image(np.full((1, 1, 2), (-u, -v), np.float32))[0, 0].astype(int)


def going_left(side=120, step=3):
    """A bright square that moves left, and its backward flow."""
    frames = np.zeros((2, side, side), np.uint8)
    frames[0, 40:80, 40:80] = frames[1, 40:80, 40 - step : 80 - step] = 255
    flow = np.zeros((side, side, 2), np.float32)
    flow[40:80, 40 - step : 80 - step] = step, 0  # next(x, y) = last(x + step, y)
    return Moment(7, 0.25, [frames[0]], frames[1], frames[1], flow)


def test_what_moves_left_has_the_colour_of_left_in_every_picture():
    moment = going_left()
    left = colour(-3, 0)
    assert left[0] < left[2] - 50  # cyan, not red
    middle = 60, 57
    panel = flow_panel(moment.flow, FLOW_SCALE)
    np.testing.assert_array_equal(panel[middle], left)
    row = side_by_side(moment, FLOW_SCALE, 0.5)
    np.testing.assert_array_equal(row[16 + 60, 3 * (120 + 4) + 57], left)
    sheet = contact_sheet([moment], FLOW_SCALE)
    np.testing.assert_array_equal(sheet[14 + 60, 4 + LABELS + 3 * (120 + 4) + 57], left)


def test_contact_sheet_has_numbers_and_times_beside_its_rows():
    moment = going_left()
    other = replace(moment, number=8)
    later = replace(moment, time=0.75)
    sheets = [contact_sheet([m, m], FLOW_SCALE) for m in (moment, other, later)]
    for sheet in sheets[1:]:
        rows, columns = np.nonzero((sheet != sheets[0]).any(axis=-1))
        assert columns.max() < 4 + LABELS
        assert rows.min() < 14 + 40 < 14 + 124 < rows.max()


@pytest.mark.parametrize("width, tile, panel", [(8, 96, 96), (120, 120, 120), (800, 240, 320)])
def test_frames_are_shown_in_a_size_that_suits_them(width, tile, panel):
    frame = np.zeros((120, width), np.uint8)
    moment = Moment(1, 0.1, [frame], frame, frame, np.zeros((120, width, 2), np.float32))
    shown_height = tile * 120 // width if width > tile else 120 * -(-tile // width)
    disc = min(tile, shown_height, 160)
    beside = legend(disc, FLOW_SCALE).shape[1]
    sheet = contact_sheet([moment], FLOW_SCALE)
    assert sheet.shape[1] == 4 + LABELS + 4 * (tile + 4) + beside + 4
    row = side_by_side(moment, FLOW_SCALE, 0.5)
    assert row.shape[1] == 5 * (panel + 4) + legend(80, FLOW_SCALE).shape[1]


def test_colour_stays_colour_in_every_picture():
    moment = going_left()
    red = np.zeros((120, 120, 3), np.uint8)
    red[..., 0] = 200
    moment = replace(moment, inputs=[red], target=red, predicted=red)
    row = side_by_side(moment, FLOW_SCALE, 0.5)
    sheet = contact_sheet([moment], FLOW_SCALE)
    for column in range(3):
        assert tuple(row[16 + 60, column * (120 + 4) + 57]) == (200, 0, 0)
        assert tuple(sheet[14 + 60, 4 + LABELS + column * (120 + 4) + 57]) == (200, 0, 0)


def chosen(announced, come):
    moments = ChosenMoments(announced)
    for number in range(1, come):
        moments.add(replace(going_left(8), number=number))
    return [moment.number for moment in moments.moments()]


@pytest.mark.parametrize(
    "announced, come, expected",
    [
        (2, 2, [1]),
        (23, 23, [3, 7, 12, 17, 22]),
        (23, 15, [3, 7, 12]),
        (None, 4, [1, 2, 3]),
        (None, 6, [1, 2, 3, 4, 5]),
    ],
)
def test_moments_of_a_contact_sheet_are_evenly_spaced(announced, come, expected):
    assert chosen(announced, come) == expected


@pytest.mark.parametrize("come", [12, 37, 1000])
def test_moments_of_a_video_without_a_known_end_spread_over_it(come):
    numbers = chosen(None, come)
    assert len(numbers) == NUM_MOMENTS
    gaps = np.diff(numbers)
    assert gaps.max() <= 2 * gaps.min()
    assert numbers[0] <= gaps.max()
    assert come - numbers[-1] <= gaps.max()
