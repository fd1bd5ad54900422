"""What is compiled beside the model, before the first prediction comes."""

from fractions import Fraction

import jax
import numpy as np
import pytest

from data.video.picture import Picture
from data.video.stream import Frame
from experiments.prediction.options import Options
from experiments.prediction.outputs import Outputs, prepare
from vstm.inference.predictor import Prediction


@pytest.fixture
def compilations():
    """The names of what is compiled from now on."""
    found = []

    def listen(event, _, **details):
        if event == "/jax/core/compile/jaxpr_to_mlir_module_duration":
            found.append(details.get("fun_name"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("size", [(22, 26), (30, 34)])
def test_nothing_is_compiled_for_a_prediction_once_it_is_prepared(size, tmp_path, compilations):
    prepare(size, Options())
    assert compilations  # or this test does not see them
    compilations.clear()
    generator = np.random.default_rng(0)

    def picture():
        colour = generator.integers(0, 256, (*size, 3), np.uint8)
        return Picture(colour[..., 0], colour)

    with Outputs(tmp_path, np.arange(4) / 25, Fraction(25), Options()) as outputs:
        for number in (1, 2, 3):
            made = Prediction(
                frame=generator.uniform(size=size).astype(np.float32),
                flow=generator.normal(size=(*size, 2)).astype(np.float32),
                features=np.zeros((1, 1, 1), np.float32),
                memory=np.zeros((1, 1, 1), np.float32),
                decode_unmoved=lambda: np.zeros(size, np.float32),
            )
            outputs.add([picture()], Frame(number, number / 25, picture()), made)
    assert compilations == []
    assert (tmp_path / "prediction.mp4").exists()
