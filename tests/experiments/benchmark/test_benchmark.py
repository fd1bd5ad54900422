import dataclasses
import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from published_numbers import PARAMETERS

from experiments.benchmark import __main__ as program
from experiments.benchmark import grid, measure, ours
from experiments.benchmark.__main__ import cells
from experiments.benchmark.cells import CLIP_NORM, Cell
from experiments.benchmark.grid import best_batches, measure_all, tables
from experiments.benchmark.machine import limited, machine, processor
from experiments.benchmark.scaling import plot, scaling_cells
from experiments.console.errors import UserError
from vstm.model import Autoencoder
from vstm.ops.smoothness import flow_roughness
from vstm.training.update import init_state
from vstm.variants import VARIANTS

SMALL = Cell("conv-2enc-1LSTM", "train", 2, tau=2, size=8)
HERE = {
    "processor": "Nine 5",
    "vector_bits": 512,
    "isa": "native",
    "cores": 2,
    "jax": "0.1",
    "torch": "2.1",
}
LIMITED = HERE | {"isa": "avx2"}
THERE = HERE | {"processor": "Seven 3", "vector_bits": 256, "cores": 1, "torch": None}


def measured(cell, ours, torch, megabytes=(300.0, 200.0)):
    return dataclasses.asdict(cell) | {
        "ours_s": ours,
        "torch_s": torch,
        "speedup": torch and torch / ours,
        "ours_peak_mb": megabytes[0],
        "torch_peak_mb": megabytes[1],
        "ours_compilation_s": 2.0 + cell.batch,
        "device": "cpu",
    }


def row(cell, ours, torch, megabytes=(300.0, 200.0), facts=HERE, commit="abc"):
    return measured(cell, ours, torch, megabytes) | facts | {"commit": commit}


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
    assert (train["processor"], train["commit"]) == ("Nine 5", "abc")


def test_each_machine_has_rows_and_a_table_of_its_own():
    rows = [
        row(Cell("a", "train", batch), seconds, 0.8, facts=facts, commit=commit)
        for batch, seconds, facts, commit in (
            (1, 0.1, HERE, "one"),
            (4, 0.2, HERE, "two"),
            (1, 0.4, LIMITED, "two"),
            (1, 0.2, THERE, "two"),
        )
    ]
    best = best_batches(rows)
    assert [entry["speedup"] for entry in best] == [8, 2, 4]
    assert [entry["commit"] for entry in best] == ["one, two", "two", "two"]
    text = tables(best, "the command")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "### Nine 5, 2 cores, 512-bit vectors; JAX 0.1, PyTorch 2.1",
        "### Nine 5, 2 cores, 512-bit vectors limited to AVX2; JAX 0.1, PyTorch 2.1",
        "### Seven 3, 1 core, 256-bit vectors; JAX 0.1",
    ]
    assert "| a | train | 0.1 | 0.8 | 8 |" in text


def test_without_the_other_side_there_is_no_ratio():
    (ours,) = best_batches([row(Cell("a", "train", 1), 0.5, None, (300.0, None))])
    assert ours["speedup"] is None
    assert ours["ours_s"] == 0.5


@pytest.fixture
def measurements(monkeypatch):
    """Cells that were measured, by a stand-in that takes ever longer; commits count up."""
    taken = []

    def fake(cell, budget_s, isa):
        taken.append((cell, isa))
        return measured(cell, 0.1 * len(taken), 1.0)

    monkeypatch.setattr(grid, "measure", fake)
    monkeypatch.setattr(grid, "current_commit", lambda: f"commit {len(taken)}")
    return taken


def test_measured_cells_are_not_measured_again_here(tmp_path, measurements):
    first, second = (Cell("a", "train", batch) for batch in (1, 2))
    path = tmp_path / "grid.json"
    measure_all([first], path, HERE, 1.0)
    rows = measure_all([first, second], path, HERE, 1.0)
    assert measurements == [(first, "native"), (second, "native")]
    assert rows == json.loads(path.read_text())
    assert [(r["ours_s"], r["commit"]) for r in rows] == [(0.1, "commit 1"), (0.2, "commit 2")]


@pytest.mark.parametrize(
    "change", [{"processor": "x"}, {"vector_bits": 256}, {"isa": "avx2"}, {"jax": "0.2"}]
)
def test_another_machine_or_version_is_measured_beside(tmp_path, measurements, change):
    cell, path = Cell("a", "train"), tmp_path / "grid.json"
    (before,) = measure_all([cell], path, HERE, 1.0)
    (after,) = measure_all([cell], path, HERE | change, 1.0)
    assert json.loads(path.read_text()) == [before, after]
    assert (after["ours_s"], after["commit"]) == (0.2, "commit 2")


def test_again_measures_known_cells_in_their_place(tmp_path, measurements):
    one, two = Cell("a", "train"), Cell("b", "train")
    path = tmp_path / "grid.json"
    measure_all([one, two], path, HERE, 1.0)
    measure_all([one], path, HERE, 1.0, again=True)
    rows = json.loads(path.read_text())
    assert [(r["variant"], r["commit"]) for r in rows] == [("a", "commit 3"), ("b", "commit 2")]


def test_known_cells_are_taken_over_if_wanted(tmp_path, measurements):
    wanted, other = (row(Cell(name, "train"), 0.1, 1.0) for name in "ab")
    path = tmp_path / "scaling.json"
    assert measure_all([Cell("a", "train")], path, HERE, 1.0, known=[other, wanted]) == [wanted]
    assert json.loads(path.read_text()) == [wanted]


@pytest.mark.parametrize("content", ["{", "[3]", '[{"variant": "a"}]'])
def test_damaged_rows_are_named(tmp_path, content):
    path = tmp_path / "grid.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"grid\.json: not rows of the benchmark"):
        measure_all([Cell("a", "train")], path, HERE, 1.0)


def test_processor_is_read_with_the_width_of_its_vectors():
    text = "processor\t: 0\nmodel name\t: Nine 5 (2.4 GHz): X\nflags\t\t: fpu avx{}\n\n"
    assert processor(text.format(" avx2 avx512f")) == ("Nine 5 (2.4 GHz): X", 512)
    assert processor(2 * text.format(" avx2")) == ("Nine 5 (2.4 GHz): X", 256)
    assert processor(text.format("")) == ("Nine 5 (2.4 GHz): X", 128)
    assert processor("") == ("unknown", 128)


def test_both_sides_are_limited_to_narrower_vectors():
    given = {"XLA_FLAGS": "--xla_cpu_x=1", "PATH": "/bin"}
    assert limited(given, "native") == given
    narrow = limited(given, "avx2")
    assert narrow["XLA_FLAGS"].split() == ["--xla_cpu_x=1", "--xla_cpu_max_isa=AVX2"]
    assert (narrow["ATEN_CPU_CAPABILITY"], narrow["ONEDNN_MAX_CPU_ISA"]) == ("avx2", "AVX2")
    assert narrow["PATH"] == "/bin"


def test_pytorch_heeds_the_limit():
    pytest.importorskip("torch")
    if machine("native")["vector_bits"] < 256:
        pytest.skip("no AVX2")
    asked = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    process = subprocess.run(
        [sys.executable, "-c", asked],
        env=limited(os.environ, "avx2"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "AVX2"


def test_facts_are_of_this_machine():
    facts = machine("avx2")
    assert (facts["jax"], facts["isa"]) == (jax.__version__, "avx2")
    assert facts["vector_bits"] in (128, 256, 512) and facts["cores"] >= 1


def test_cells_are_those_asked_for():
    assert cells(["fc-2enc-1LSTM"], ["stream"], ["16"]) == [Cell("fc-2enc-1LSTM", "stream", 1)]
    assert cells(["conv-1enc-1LSTM"], ["train", "stream"], ["2", "16"]) == [
        Cell("conv-1enc-1LSTM", "train", 2),
        Cell("conv-1enc-1LSTM", "train", 16),
        Cell("conv-1enc-1LSTM", "stream", 1),
    ]


@pytest.mark.parametrize(
    "variants, phases, batches, named",
    [
        (["conv-1enc"], ["train"], ["1"], "--variants: unknown variant 'conv-1enc'"),
        (["conv-1enc-1LSTM"], ["test"], ["1"], "--phases: unknown test; known: train, stream"),
        (["conv-1enc-1LSTM"], ["train"], ["4", "0"], "--batches: expected numbers above 0, got 0"),
    ],
)
def test_wrong_lists_are_named(variants, phases, batches, named):
    with pytest.raises(UserError, match=named):
        cells(variants, phases, batches)


def test_growth_is_drawn(tmp_path):
    plot([row(cell, 0.1, 0.3) for cell in scaling_cells()], tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


def test_a_process_times_our_side():
    worker = measure.Worker("ours", 1, SMALL, "avx2")  # a limit that XLA didn't know would end it
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
    ours = Autoencoder(dataclasses.replace(VARIANTS[name], frame_size=(8, 8)))
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


def test_updates_of_both_sides_are_the_same():
    torch_side = pytest.importorskip("experiments.benchmark.torch_side", exc_type=ImportError)
    torch = pytest.importorskip("torch")
    cell = Cell("conv-1enc-1LSTM", "train", 2, tau=2, size=8)
    update, tx = ours.make_update(cell)
    state = init_state(ours.make_model(cell), tx, jax.random.key(0), (8, 8, 1))
    generator = np.random.default_rng(1)
    params = jax.tree.map(
        lambda p: p + generator.normal(size=p.shape).astype(np.float32) / 5, state.params
    )
    state = dataclasses.replace(state, params=params)
    model = torch_side.Autoencoder(VARIANTS[cell.variant], cell.size)
    copy_parameters(torch, params, model, VARIANTS[cell.variant])
    their_update = torch_side.make_update(model)
    shape = (cell.batch, cell.tau + 1, cell.size, cell.size, 1)
    frames = (generator.uniform(size=shape) > 0.6).astype(np.float32)
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


def test_the_command_needs_no_flags(monkeypatch):
    monkeypatch.setattr(program, "_main", lambda: None)
    assert program.main([]) == 0
