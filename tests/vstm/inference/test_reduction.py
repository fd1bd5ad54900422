import jax.numpy as jnp
import numpy as np
import pytest
from made_model import make
from scipy.ndimage import map_coordinates

from vstm.inference.predictor import VideoPredictor
from vstm.inference.reduction import whole

GENERATOR = np.random.default_rng(0)
HEIGHT, WIDTH, FACTOR = 16, 24, 2


def enlarged(maps, factor=FACTOR):
    """[h, w, ...] between the cells' centres, the border repeated."""
    for axis in (0, 1):
        length = maps.shape[axis]
        at = (np.arange(factor * length) + 0.5) / factor - 0.5
        maps = np.apply_along_axis(
            lambda line, at=at: np.interp(at, np.arange(len(line)), line), axis, maps
        )
    return maps


def means(image):
    return image.reshape(HEIGHT // FACTOR, FACTOR, WIDTH // FACTOR, FACTOR).mean(axis=(1, 3))


def moved(image, flow):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return map_coordinates(
        image, [rows + flow[..., 1], columns + flow[..., 0]], order=1, mode="nearest"
    )


@pytest.mark.parametrize("softened", [False, True])
def test_what_the_means_do_not_show_is_moved_and_added(softened, x64):
    frame = GENERATOR.uniform(size=(HEIGHT, WIDTH))
    prediction = GENERATOR.uniform(size=(HEIGHT // FACTOR, WIDTH // FACTOR))
    flow = GENERATOR.normal(size=(*prediction.shape, 2))
    gains = GENERATOR.uniform(size=(HEIGHT // 4, WIDTH // 4, 3))
    image, large = whole(
        jnp.asarray(frame)[None, ..., None],
        jnp.asarray(prediction)[None, ..., None],
        jnp.asarray(flow)[None],
        jnp.asarray(gains)[None] if softened else None,
    )
    expected = FACTOR * enlarged(flow)
    np.testing.assert_allclose(large[0], expected, rtol=1e-10)
    there = moved(frame, expected)
    fine = there - enlarged(means(there))
    gain = enlarged(gains[..., 0], 4) if softened else 1
    np.testing.assert_allclose(
        image[0, ..., 0], enlarged(prediction) + gain * fine, rtol=1e-9, atol=1e-12
    )


def test_a_reduced_video_is_predicted_and_brought_to_its_size():
    config, params = make(residual=True)
    frames = GENERATOR.uniform(size=(3, HEIGHT, WIDTH)).astype(np.float32)
    *_, ours = VideoPredictor(config, params, reduction=FACTOR).predictions(frames)
    *_, small = VideoPredictor(config, params).predictions([means(frame) for frame in frames])
    flow = FACTOR * enlarged(small.flow)
    assert np.abs(flow).max() > 0.1
    np.testing.assert_allclose(ours.flow, flow, atol=2e-3)
    there = moved(frames[-1], flow)
    expected = enlarged(small.frame) + there - enlarged(means(there))
    np.testing.assert_allclose(ours.frame, expected, atol=2e-3)
    still = enlarged(small.unmoved) + frames[-1] - enlarged(means(frames[-1]))
    np.testing.assert_allclose(ours.unmoved, still, atol=2e-4)


def test_sides_that_the_reduction_does_not_divide_are_cut_back():
    predictor = VideoPredictor(*make(), reduction=3)
    made = predictor.step(GENERATOR.uniform(size=(13, 17)))
    assert made.frame.shape == (13, 17) and made.flow.shape == (13, 17, 2)


def test_a_reduction_below_one_is_refused():
    with pytest.raises(ValueError, match="reduction=0"):
        VideoPredictor(*make(), reduction=0)
