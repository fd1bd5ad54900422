"""Holds the layers: array functions, Flax modules, training, experiments; each imports downward."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ARRAY_FUNCTIONS = {
    "convolution",
    "direct_convolution",
    "fourier_convolution",
    "fourier_transform",
    "fourier_plan",
    "tiling",
    "recurrence",
    "segments",
    "conv_lstm",
    "peephole_lstm",
    "spatial_gradient",
    "smoothness",
    "sparsity",
    "photometric",
    "compiler",
    "warp",
    "losses",
    "metrics",
    "flow_metrics",
    "motion_segments",
    "variants",
}
MODULES = {
    "conv_layer",
    "encoder",
    "memory",
    "flow_head",
    "decoder",
    "autoencoder",
    "rollout",
}
TRAINING = {"optimizer", "training"}
STREAMING = {"model_file", "video_predictor"}

ALLOWED_PACKAGES = {
    **dict.fromkeys(ARRAY_FUNCTIONS, {"jax", "jaxtyping"}),
    "fourier_convolution": {"jax", "jaxtyping", "numpy"},
    "fourier_transform": {"jax", "jaxtyping", "numpy"},
    "motion_segments": {"numpy", "jaxtyping"},
    "metrics": {"jax", "jaxtyping", "dm_pix"},
    **dict.fromkeys(MODULES, {"jax", "jaxtyping", "flax"}),
    **dict.fromkeys(TRAINING, {"jax", "jaxtyping", "flax", "optax"}),
    **dict.fromkeys(STREAMING, {"jax", "flax", "numpy"}),
}
ALLOWED_LAYERS = {
    **dict.fromkeys(ARRAY_FUNCTIONS, ARRAY_FUNCTIONS),
    **dict.fromkeys(MODULES, ARRAY_FUNCTIONS | MODULES),
    **dict.fromkeys(TRAINING, ARRAY_FUNCTIONS | MODULES | TRAINING),
    **dict.fromkeys(STREAMING, ARRAY_FUNCTIONS | MODULES | STREAMING),
}


def imported(path):
    """Dotted names of what a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(path):
    names = {name.split(".")[0] for name in imported(path)}
    return names - set(sys.stdlib_module_names)


VSTM_FILES = [path for path in sorted((ROOT / "vstm").glob("**/*.py")) if path.stem != "__init__"]


@pytest.mark.parametrize("path", VSTM_FILES, ids=lambda path: path.stem)
def test_vstm_imports_downward(path):
    assert foreign(path) - {"vstm"} <= ALLOWED_PACKAGES[path.stem]
    inner = {name.split(".")[1] for name in imported(path) if name.startswith("vstm.")}
    assert inner <= ALLOWED_LAYERS[path.stem]


def test_data_imports_nothing_of_the_model_or_experiments():
    for path in (ROOT / "data").glob("**/*.py"):
        assert not foreign(path) & {"vstm", "experiments", "jax", "flax", "optax"}, path


def test_tensorflow_and_torch_are_nowhere():
    for folder in ("vstm", "data", "experiments"):
        for path in (ROOT / folder).glob("**/*.py"):
            if not path.name.startswith("torch_"):  # the benchmark's other side
                assert not foreign(path) & {"tensorflow", "torch"}, path
