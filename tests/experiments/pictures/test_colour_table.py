import imgviz
import numpy as np
import pytest

from experiments.pictures.colour_table import motion_colours


@pytest.mark.parametrize("scale", [0.3, 5.0, 40.0])
def test_colours_are_imgvizs_to_one_step(scale):
    rng = np.random.default_rng(0)
    motion = (scale * rng.normal(size=(80, 100, 2))).astype(np.float32)
    motion[0] = 0
    motion[1] *= 1e4
    motion[2, :, 0] = 0
    motion[3, :, 1] = 0
    motion[4] *= 1e-3
    ours = motion_colours(motion, scale).astype(int)
    np.testing.assert_allclose(ours, imgviz.flow2rgb(motion, max_norm=scale), rtol=0, atol=1)
    beyond = np.linalg.norm(motion, axis=-1) > scale
    assert 0.1 < beyond.mean() < 0.9
