import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from experiments.console.errors import UserError
from experiments.measure.classical_flow import METHODS, ClassicalFlow


@pytest.mark.bench("cv2")
@pytest.mark.parametrize("method", METHODS)
def test_flow_is_backward_in_pixels(method):
    texture = gaussian_filter(np.random.default_rng(0).random((80, 80)), 2)
    texture = (texture - texture.min()) / np.ptp(texture)
    previous, frame = texture[8:72, 8:72], texture[6:70, 11:75]  # frame(x, y) = previous(x+3, y-2)
    flow = ClassicalFlow(method)(previous, frame)
    np.testing.assert_allclose(np.median(flow[16:-16, 16:-16], axis=(0, 1)), [3, -2], atol=0.1)


def test_missing_opencv_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match=r"needs OpenCV: .*\[bench\]"):
        ClassicalFlow("dis")
