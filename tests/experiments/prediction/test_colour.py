import numpy as np
import pytest

from experiments.prediction.colour import coloured


def by_loops(colour, grey, prediction, flow):
    """The docstring's equation, pixel by pixel."""
    height, width = grey.shape
    made = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            column = min(max(x + float(flow[y, x, 0]), 0), width - 1)
            row = min(max(y + float(flow[y, x, 1]), 0), height - 1)
            left, top = int(column), int(row)
            moved = np.zeros(4)
            for j, i, weight in (
                (top, left, (1 - row + top) * (1 - column + left)),
                (top, left + 1, (1 - row + top) * (column - left)),
                (top + 1, left, (row - top) * (1 - column + left)),
                (top + 1, left + 1, (row - top) * (column - left)),
            ):
                j, i = min(j, height - 1), min(i, width - 1)
                moved += weight * np.array([*colour[j, i], grey[j, i]], float) / 255
            made[y, x] = moved[:3] + prediction[y, x] - moved[3]
    return 255 * np.clip(made, 0, 1)


@pytest.mark.parametrize("speed", [0.0, 0.7, 4.0])
def test_colours_are_those_of_a_plain_loop(speed):
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (9, 11, 3), np.uint8)
    grey = rng.integers(0, 256, (9, 11), np.uint8)
    prediction = rng.uniform(-0.1, 1.1, (9, 11)).astype(np.float32)
    flow = rng.normal(scale=speed, size=(9, 11, 2)).astype(np.float32)
    made = coloured(colour, grey, prediction, flow)
    assert (made.dtype, made.shape) == (np.uint8, (9, 11, 3))
    np.testing.assert_allclose(
        made, by_loops(colour, grey, prediction, flow), rtol=0, atol=0.5 + 1e-3
    )


def test_what_neither_moves_nor_changes_keeps_its_colours_exactly():
    rng = np.random.default_rng(1)
    colour = rng.integers(0, 256, (6, 8, 3), np.uint8)
    grey = rng.integers(0, 256, (6, 8), np.uint8)
    made = coloured(colour, grey, grey / np.float32(255), np.zeros((6, 8, 2), np.float32))
    np.testing.assert_array_equal(made, colour)
