import pytest
from made_model import make
from made_predictions import FEW_FEATURES

from vstm.inference.predictor import VideoPredictor


@pytest.fixture(scope="module")
def predictor():
    return VideoPredictor(*make(residual=True, **FEW_FEATURES))
