import json
import os
import zipfile
from dataclasses import replace

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict
from made_model import make

from vstm.inference.model_file import load_model, save_model
from vstm.inference.parameter_shapes import parameter_shapes
from vstm.inference.predictor import load
from vstm.model import Autoencoder
from vstm.variants import VARIANTS

TRACKING = {
    "tracking": True,
    "residual": True,
    "softening": True,
    "normalise_contrast": True,
    "decoder_memory": True,
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("options", [{"recurrent_flow": True, "pointwise_flow": False}, TRACKING])
def test_shapes_are_those_of_the_models_own_initialisation(variant, options):
    if options == TRACKING and VARIANTS[variant].memory == "fc":
        options = {"decoder_memory": True}
    config = replace(VARIANTS[variant], output="intensity", frame_size=(16, 32), **options)
    frames = jax.ShapeDtypeStruct((1, 1, 16, 32, 1), np.float32)
    init = Autoencoder(config, convolution="direct").init
    drawn = flatten_dict(jax.eval_shape(init, jax.random.key(0), frames)["params"], sep="/")
    assert parameter_shapes(config) == {name: leaf.shape for name, leaf in drawn.items()}


def arrays_of(path):
    with np.load(path) as archive:
        return dict(archive)


def without(arrays):
    del arrays["flow_head/scale"]


def with_another(arrays):
    arrays["flow_head/other"] = np.zeros(3, np.float32)


def with_nan(arrays):
    arrays["flow_head/scale"][0] = np.nan


def of_another_shape(arrays):
    arrays["flow_head/scale"] = np.zeros((2, 1), np.float32)


def of_another_type(arrays):
    arrays["flow_head/scale"] = arrays["flow_head/scale"].astype(np.float64)


def described_as(**fields):
    def change(arrays):
        description = json.loads(str(arrays["description"]))
        arrays["description"] = np.array(json.dumps(description | fields))

    return change


@pytest.mark.parametrize(
    "change, reason",
    [
        (without, "lacks flow_head/scale, unlike the network that it describes"),
        (with_another, "has flow_head/other, unlike the network that it describes"),
        (with_nan, "flow_head/scale: not finite"),
        (of_another_shape, r"flow_head/scale: <f4 \(2, 1\); expected <f4 \(2,\)"),
        (of_another_type, r"flow_head/scale: <f8 \(2,\); expected <f4 \(2,\)"),
        (described_as(frame_size=[0, 0]), r"frame_size=\(0, 0\): expected height and width"),
        (described_as(memory_features=[8192]), "bytes for .* bytes of parameters"),
        (described_as(decoder_memory=True), r"decoder/.*; expected <f4"),
        (described_as(colour=True), "unexpected keyword argument 'colour'"),
    ],
)
def test_a_file_of_another_network_than_it_describes_is_refused(tmp_path, change, reason):
    path = tmp_path / "model.npz"
    save_model(path, *make())
    arrays = arrays_of(path)
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=f"model.npz: damaged, or not a model's file .*{reason}"):
        load_model(path)


def test_a_parameter_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    save_model(path, *make())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("flow_head/scale.npy", archive.read("flow_head/scale.npy"))
    with pytest.raises(ValueError, match="a parameter twice"):
        load_model(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="a pipe or device; expected a model's file"):
        load_model(tmp_path)


def test_a_model_of_colour_is_read_back_as_float32(tmp_path):
    config, _ = make()
    model, frames = Autoencoder(config, convolution="direct"), np.zeros((1, 1, 16, 16, 3))
    params = jax.jit(model.init)(jax.random.key(0), frames.astype(np.float32))["params"]
    save_model(tmp_path / "model.npz", config, jax.tree.map(np.float64, params))
    restored, arrays = load_model(tmp_path)
    assert restored == config
    jax.tree.map(np.testing.assert_array_equal, arrays, params)
    assert {array.dtype for array in jax.tree.leaves(arrays)} == {np.dtype(np.float32)}
    with pytest.raises(ValueError, match="a model of frames of 3 channels; expected grey ones"):
        load(tmp_path)


@pytest.mark.parametrize(
    "change, reason",
    [
        (without, "lacks flow_head/scale"),
        (with_another, "has flow_head/other"),
        (with_nan, "flow_head/scale: not finite"),
        (of_another_shape, r"flow_head/scale: \(2, 1\); expected \(2,\)"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path, change, reason):
    config, params = make()
    arrays = jax.tree.map(np.array, flatten_dict(params, sep="/"))
    change(arrays)
    with pytest.raises(ValueError, match=reason):
        save_model(tmp_path / "model.npz", config, unflatten_dict(arrays, sep="/"))
    with pytest.raises(ValueError, match="lacks decoder/Conv2D_0/bias"):
        save_model(tmp_path / "model.npz", config, {"params": params})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{}, TRACKING], ids=["plain", "tracking"])
def test_models_are_read_where_jax_computes_in_double_precision(tmp_path, options):
    config, params = make(**options)
    save_model(tmp_path / "model.npz", config, params)
    parameter_shapes.cache_clear()
    with jax.enable_x64(True):
        restored, _ = load_model(tmp_path)
    assert restored == config
