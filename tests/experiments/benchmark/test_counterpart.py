"""The model in PyTorch that ours is timed against is the same model."""

import dataclasses
from functools import partial

import jax
import numpy as np
import pytest
from made_model import KEY, initial_parameters, noisy
from published_numbers import PARAMETERS

from experiments.benchmark import ours
from experiments.benchmark.cells import CLIP_NORM, Cell
from vstm.model import Autoencoder
from vstm.ops.smoothness import flow_roughness
from vstm.training.update import init_state
from vstm.variants import VARIANTS


@pytest.mark.bench("torch")
@pytest.mark.parametrize("name", VARIANTS)
def test_counterpart_has_as_many_parameters(name):
    import torch

    from experiments.benchmark import torch_model

    with torch.device("meta"):  # no memory for the values
        model = torch_model.Autoencoder(VARIANTS[name], 64)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name][-1]


@pytest.mark.bench("torch")
@pytest.mark.parametrize("name", ["conv-1enc-1LSTM", "conv-2enc-2LSTM", "fc-2enc-1LSTM"])
def test_counterpart_computes_the_same(name):
    import torch

    from experiments.benchmark import torch_model

    frames = np.random.default_rng(0).uniform(size=(2, 3, 8, 8, 1)).astype(np.float32)
    ours = Autoencoder(dataclasses.replace(VARIANTS[name], frame_size=(8, 8)))
    theirs = torch_model.Autoencoder(VARIANTS[name], 8)
    params = noisy(initial_parameters(ours), 1 / 50)
    copy_parameters(torch, params, theirs, VARIANTS[name])

    output = jax.jit(ours.apply)({"params": params}, frames)
    with torch.inference_mode():
        prediction, flow, _ = theirs(torch.from_numpy(frames).permute(0, 1, 4, 2, 3))
        roughness = torch_model.roughness(flow)
    assert np.abs(output.flow).max() > 0.01
    np.testing.assert_allclose(
        output.prediction, prediction.permute(0, 2, 3, 1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(output.flow, flow.permute(0, 2, 3, 1), rtol=1e-4, atol=1e-5)
    expected = jax.jit(partial(flow_roughness, delta=1e-3))(output.flow)
    np.testing.assert_allclose(float(roughness), float(expected), rtol=1e-4)


def test_updates_of_both_sides_are_the_same():
    torch_side = pytest.importorskip("experiments.benchmark.torch_side", exc_type=ImportError)
    torch = pytest.importorskip("torch")
    cell = Cell("conv-1enc-1LSTM", "train", 2, tau=2, size=8)
    update, tx = ours.make_update(cell)
    state = init_state(ours.make_model(cell), tx, KEY, (8, 8, 1))
    params = noisy(state.params, 1 / 5)
    state = dataclasses.replace(state, params=params)
    model = torch_side.Autoencoder(VARIANTS[cell.variant], cell.size)
    copy_parameters(torch, params, model, VARIANTS[cell.variant])
    their_update = torch_side.make_update(model)
    shape = (cell.batch, cell.tau + 1, cell.size, cell.size, 1)
    frames = (np.random.default_rng(1).uniform(size=shape) > 0.6).astype(np.float32)
    their_frames = torch.from_numpy(frames).permute(0, 1, 4, 2, 3)

    update = jax.jit(update)
    losses, norms = [], []
    for _ in range(6):
        state, metrics = update(state, frames)
        losses.append(float(metrics["loss"]))
        norms.append(float(metrics["gradient_norm"]))
    assert max(norms) > CLIP_NORM  # clipping counts
    assert losses[-1] < 0.95 * losses[0]
    theirs = [float(their_update(their_frames)) for _ in range(6)]
    np.testing.assert_allclose(losses, theirs, rtol=1e-4)


def copy_parameters(torch, params, model, variant):
    """Sets the counterpart's parameters to ours."""

    def set_(parameter, value):
        with torch.no_grad():
            parameter.copy_(torch.tensor(np.array(value)))

    def set_conv(conv, layer):
        set_(conv.weight, np.asarray(layer["kernel"]).transpose(3, 2, 0, 1))
        set_(conv.bias, layer["bias"])

    def numbered(module, kind):
        return [module[f"{kind}_{i}"] for i in range(sum(k.startswith(kind) for k in module))]

    for conv, layer in zip(model.encoder, numbered(params["encoder"], "CPD"), strict=True):
        set_conv(conv, layer)
    for conv, layer in zip(model.decoder, numbered(params["decoder"], "Conv2D"), strict=True):
        set_conv(conv, layer)
    for conv, layer in zip(model.flow_head, numbered(params["flow_head"], "Conv2D"), strict=True):
        set_conv(conv, layer)
    set_(model.scale, params["flow_head"]["scale"])
    if variant.memory == "conv":
        for layer, ours in zip(model.memory, numbered(params["memory"], "ConvLSTM"), strict=True):
            kernel = np.concatenate([ours["input_kernel"], ours["hidden_kernel"]], axis=2)
            set_conv(layer.gates, {"kernel": kernel, "bias": ours["bias"]})
        return
    # Theirs flattens and reads maps feature by feature, ours pixel by pixel.
    area = model.side**2
    maps = variant.memory_features[0]
    features = variant.encoder_features[-1]
    kernel = np.asarray(params["memory"]["Dense_0"]["kernel"])
    kernel = kernel.reshape(area, features, area, maps).transpose(1, 0, 3, 2)
    set_(model.projection.weight, kernel.reshape(area * features, -1).T)
    units = np.arange(area * maps).reshape(area, maps).T.ravel()
    set_(model.projection.bias, np.asarray(params["memory"]["Dense_0"]["bias"])[units])
    (layer,), (ours,) = model.memory, numbered(params["memory"], "PeepholeLSTM")
    columns = np.concatenate([gate * area * maps + units for gate in range(4)])
    kernel = np.concatenate(
        [np.asarray(ours["input_kernel"])[units], np.asarray(ours["hidden_kernel"])[units]]
    )
    set_(layer.gates.weight, kernel[:, columns].T)
    set_(layer.gates.bias, np.asarray(ours["bias"])[columns])
    set_(layer.peepholes, np.asarray(ours["peepholes"])[:, units])
