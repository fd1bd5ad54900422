import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from published_numbers import PARAMETERS

from experiments.benchmark import measure
from experiments.benchmark.__main__ import best_batches, measure_all
from experiments.benchmark.cells import Cell
from experiments.benchmark.scaling import plot, scaling_cells
from experiments.report.results_table import results_table
from experiments.run.command_line import parse_flags
from experiments.run.errors import UserError
from vstm.autoencoder import Autoencoder
from vstm.smoothness import flow_roughness
from vstm.variants import VARIANTS

SMALL = Cell("conv-2enc-1LSTM", "train", 2, tau=2, size=8)


def row(cell, ours, torch, megabytes=(300.0, 200.0)):
    return dataclasses.asdict(cell) | {
        "ours_s": ours,
        "torch_s": torch,
        "speedup": torch and torch / ours,
        "ours_peak_mb": megabytes[0],
        "torch_peak_mb": megabytes[1],
        "ours_compilation_s": 2.0 + cell.batch,
    }


def test_each_side_counts_at_its_best_batch():
    grid = [
        row(Cell("a", "train", 1), 0.5, 0.6),
        row(Cell("a", "train", 4), 0.1, 0.9, (450.0, 300.0)),
        row(Cell("a", "stream"), 0.01, 0.05),
    ]
    train, stream = best_batches(grid)
    assert (train["ours_s"], train["ours_batch"]) == (0.1, 4)
    assert (train["torch_s"], train["torch_batch"]) == (0.6, 1)
    assert train["speedup"] == pytest.approx(6.0)
    assert train["memory_ratio"] == 1.5  # both at batch 4
    assert train["compilation_s"] == 6.0
    assert (stream["phase"], stream["speedup"]) == ("stream", 5.0)
    assert "| a | train | 0.1 | 0.6 | 6 |" in results_table([train, stream], "the command")


def test_without_the_other_side_there_is_no_ratio():
    (ours,) = best_batches([row(Cell("a", "train", 1), 0.5, None, (300.0, None))])
    assert ours["speedup"] is None
    assert ours["ours_s"] == 0.5


def test_measured_cells_are_not_measured_again(tmp_path, monkeypatch):
    measured = []

    def fake(cell, budget_s):
        measured.append(cell)
        return row(cell, 0.1 * cell.batch, 1.0)

    monkeypatch.setattr("experiments.benchmark.__main__.measure", fake)
    cells = [Cell("a", "train", batch) for batch in (1, 2)]
    path = tmp_path / "grid.json"
    measure_all(cells[:1], path, 1.0)
    rows = measure_all(cells, path, 1.0)
    assert measured == cells
    assert rows == json.loads(path.read_text())
    assert [r["ours_s"] for r in rows] == [0.1, 0.2]


def test_known_cells_are_taken_over_if_wanted(tmp_path):
    wanted, other = (row(Cell(name, "train"), 0.1, 1.0) for name in "ab")
    path = tmp_path / "scaling.json"
    assert measure_all([Cell("a", "train")], path, 1.0, known=[other, wanted]) == [wanted]


def test_growth_is_drawn(tmp_path):
    plot([row(cell, 0.1, 0.3) for cell in scaling_cells()], tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


def test_a_process_times_our_side():
    worker = measure.Worker("ours", 1, SMALL)
    assert worker.facts["parameters"] == PARAMETERS["conv-2enc-1LSTM"][-1]
    assert worker.run() > 0
    worker.end()
    assert worker.facts["peak_mb"] > 50
    assert worker.facts["compilation_s"] > 0


def test_a_process_that_fails_is_named(capfd):
    with pytest.raises(UserError, match="the benchmark's ours process ended with status 1"):
        measure.Worker("ours", 1, dataclasses.replace(SMALL, size=7))
    assert "divisible" in capfd.readouterr().err


@pytest.mark.bench("torch")
@pytest.mark.parametrize("name", VARIANTS)
def test_counterpart_has_as_many_parameters(name):
    from experiments.benchmark import torch_model

    model = torch_model.Autoencoder(VARIANTS[name], 64)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name][-1]


@pytest.mark.bench("torch")
@pytest.mark.parametrize("name", ["conv-1enc-1LSTM", "conv-2enc-2LSTM", "fc-2enc-1LSTM"])
def test_counterpart_computes_the_same(name):
    import torch

    from experiments.benchmark import torch_model

    frames = np.random.default_rng(0).uniform(size=(2, 3, 8, 8, 1)).astype(np.float32)
    ours = Autoencoder(VARIANTS[name])
    theirs = torch_model.Autoencoder(VARIANTS[name], 8)
    params = ours.init(jax.random.key(0), jnp.asarray(frames))["params"]
    generator = np.random.default_rng(1)
    params = jax.tree.map(
        lambda p: p + generator.normal(size=p.shape).astype(np.float32) / 50, params
    )
    copy_parameters(torch, params, theirs, VARIANTS[name])

    output = ours.apply({"params": params}, jnp.asarray(frames))
    with torch.inference_mode():
        prediction, flow, _ = theirs(torch.from_numpy(frames).permute(0, 1, 4, 2, 3))
        roughness = torch_model.roughness(flow)
    assert float(jnp.abs(output.flow).max()) > 0.01
    np.testing.assert_allclose(
        output.prediction, prediction.permute(0, 2, 3, 1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(output.flow, flow.permute(0, 2, 3, 1), rtol=1e-4, atol=1e-5)
    expected = flow_roughness(output.flow, delta=1e-3)
    np.testing.assert_allclose(float(roughness), float(expected), rtol=1e-4)


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


def test_the_command_needs_no_flags():
    assert parse_flags(["experiments.benchmark"]) == ["experiments.benchmark"]
