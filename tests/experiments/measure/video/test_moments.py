import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from experiments.measure.classical_flow import ClassicalFlow
from experiments.measure.video.moments import moments, moved_along
from vstm.inference.predictor import Prediction

VELOCITY = 3, -2  # pixels per frame, (x right, y down)


class Copier:
    """Stands in for a model: predicts the frame that it is given, by a flow of its number."""

    def reset(self):
        self.seen = 0

    def step(self, frame):
        self.seen += 1
        frame = frame.astype(np.float32) / 255
        flow = np.full((*frame.shape, 2), self.seen, np.float32)
        return Prediction(frame, flow, *[np.empty(0)] * 2, pytest.fail)


def translating(count, size=(40, 48), seed=0):
    """uint8 [count, H, W] of a smooth texture that moves at `VELOCITY`."""
    height, width = size
    u, v = VELOCITY
    y, x = np.mgrid[:height, :width]
    waves = np.random.default_rng(seed).normal(size=(12, 3)) * [0.25, 0.25, 3]
    frames = [
        sum(np.sin(p * (x - u * t) + q * (y - v * t) + r) for p, q, r in waves)
        for t in range(count)
    ]
    scaled = (frames - np.min(frames)) / np.ptp(frames)
    return np.round(255 * scaled).astype(np.uint8)


def true_flow(previous, frame):
    return np.full((*frame.shape, 2), np.negative(VELOCITY), np.float32)


def of(frames, methods, **settings):
    model = Copier()
    return list(moments(model, frames, start=100, methods=methods, **settings))


def test_carried_on_flow_makes_the_next_frame_of_constant_velocity():
    frames = translating(6)
    for moment in of(frames, {"dis": true_flow}, warm_up=2):
        made = moment.frames["dis"]
        np.testing.assert_allclose(made[:-2, 3:], moment.target[:-2, 3:], atol=1e-6)
        # what has entered is the border, repeated
        np.testing.assert_allclose(made[:-2, :3], moment.last[2:, :1].repeat(3, axis=1), atol=1e-6)


def test_flow_is_carried_from_the_pair_before_and_the_reference_sees_the_next_frame():
    frames = np.arange(8, dtype=np.uint8)[:, None, None] * np.ones((8, 9), np.uint8)

    def numbers(previous, frame):
        return np.full((8, 9, 2), (255 * previous[0, 0], 255 * frame[0, 0]), np.float32)

    found = of(frames, {"dis": numbers, "other": lambda *pair: -numbers(*pair)}, warm_up=3)
    assert [moment.number for moment in found] == [103, 104, 105, 106, 107]
    for t, moment in enumerate(found, start=3):
        pairs = moment.carried["dis"], -moment.carried["other"], moment.reference
        np.testing.assert_allclose(
            [flow[0, 0] for flow in pairs], [(t - 2, t - 1), (t - 2, t - 1), (t - 1, t)], rtol=1e-6
        )
        shown = moment.previous, moment.last, moment.target, moment.made.frame
        np.testing.assert_allclose(
            [255 * frame[0, 0] for frame in shown], [t - 2, t - 1, t, t - 1], rtol=1e-6
        )
        assert moment.made.flow[0, 0, 0] == t  # frames that the model has seen


def test_moved_as_by_scipy():
    generator = np.random.default_rng(0)
    frame = generator.random((9, 12), np.float32)
    flow = generator.normal(scale=4, size=(9, 12, 2)).astype(np.float32)
    rows, columns = np.mgrid[:9, :12]
    at = [rows + flow[..., 1], columns + flow[..., 0]]
    expected = map_coordinates(frame, at, order=1, mode="nearest")
    np.testing.assert_allclose(moved_along(frame, flow), expected, atol=1e-5)


@pytest.mark.bench("cv2")
@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_classical_flow_carried_on_predicts_a_translation(method):
    classical = ClassicalFlow(method)
    methods = {"dis": ClassicalFlow("dis"), method: classical}
    (moment,) = of(translating(4, (96, 128)), methods, warm_up=3)
    error, copied = (
        np.square(frame - moment.target)[8:-8, 8:-8].mean()
        for frame in (moment.frames[method], moment.last)
    )
    assert error < 0.01 * copied
