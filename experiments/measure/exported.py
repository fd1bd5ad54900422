"""Exported programs: written, run in a process without this project, and compared."""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.configs.config import Config, options_of
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.provenance import current_commit
from experiments.run.results import make_folder, write_file
from vstm.compiler import compiler_options
from vstm.inference.export import PLATFORMS, PROGRAMS, functions, programs
from vstm.ops.separately import portable

TOLERANCE = 1e-6
"""Largest difference of predictions and flows, of their largest magnitude, or 1 if that is smaller.

The state that `step` carries is compared by what follows from it.
"""

_BATCHES = (1, 3)
_ELSEWHERE = """
import sys
import jax, numpy as np
from jax import export

folder, inputs, outputs = sys.argv[1:]
start, step, predict = (
    export.deserialize(bytearray(open(f"{folder}/{name}.stablehlo", "rb").read())).call
    for name in ("start", "step", "predict")
)
results = {}
with np.load(inputs) as batches:
    for name, frames in batches.items():
        for place, array in enumerate(predict(frames)):
            results[f"predict/{name}/{place}"] = array
        state = start(frames[:, 0])
        for number in range(frames.shape[1]):
            prediction, flow, *state = step(frames[:, number], *state)
            results[f"step/{name}/{number}/0"] = prediction
            results[f"step/{name}/{number}/1"] = flow
assert not {"vstm", "data", "experiments"} & sys.modules.keys()
np.savez(outputs, **results)
"""


def write_programs(config: Config, params: Any, step: int, output: Path) -> dict[str, float]:
    """Exports a model, and runs what was written.

    Args:
      config: of the run.
      params: its parameters.
      step: update that they are of.
      output: folder, made if need be.

    Returns:
      By program: the largest difference from the model, relative as of `TOLERANCE`.

    Raises:
      UserError: a file cannot be written, the programs don't run elsewhere, or differ.
    """
    model = options_of(config, "model")
    make_folder(output)
    for name, exported in programs(model, params, config.tau, channels=build.CHANNELS).items():
        write_file(output / f"{name}.stablehlo", bytes(exported.serialize()))
    batches = {str(b): _waves(b, config.tau, *build.frame_shape(config)) for b in _BATCHES}
    theirs = _run_elsewhere(output, batches)
    with portable():  # the same operations, fused alike
        ours = _run_here(functions(model, params, channels=build.CHANNELS), batches)
    differences = {name: 0.0 for name in ("step", "predict")}
    for name, expected in ours.items():
        program = name.partition("/")[0]
        apart = np.abs(theirs[name] - expected).max() / max(1.0, np.abs(expected).max())
        differences[program] = max(differences[program], float(apart))
    content = {
        "programs": PROGRAMS,
        "frame": [None, *build.frame_shape(config)],
        "tau": config.tau,
        "platforms": PLATFORMS,
        "differences": differences,
        "step": step,
        "commit": current_commit(),
        "jax": jax.__version__,
    }
    write_file(output / "programs.json", json.dumps(content, indent=1) + "\n")
    for name, apart in differences.items():
        if not apart <= TOLERANCE:
            raise UserError(
                f"{output / name}.stablehlo: differs from the model by {apart:.1e}; expected at "
                f"most {TOLERANCE:.0e}"
            )
    return differences


def _waves(batch: int, tau: int, height: int, width: int, channels: int) -> np.ndarray:
    """Moving textures, float32 [B, tau, H, W, C] in [0, 1]; each sequence has its own velocity."""
    time, y, x, channel = np.ogrid[:tau, :height, :width, :channels]
    sequences = [
        0.5
        + 0.2 * np.sin(2 * np.pi * (x + (n + 1) * time) / 17 + channel)
        + 0.2 * np.sin(2 * np.pi * (y - n * time) / 13)
        for n in range(batch)
    ]
    return np.stack(sequences).astype(np.float32)


def _run_here(made: dict[str, Any], batches: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = compiler_options()
    start, step, predict = (
        jax.jit(made[name], compiler_options=options) for name in ("start", "step", "predict")
    )
    results: dict[str, Any] = {}
    for name, frames in batches.items():
        results |= {f"predict/{name}/{i}": a for i, a in enumerate(predict(frames))}
        state = start(frames[:, 0])
        for number in range(frames.shape[1]):
            prediction, flow, *state = step(frames[:, number], *state)
            results |= {f"step/{name}/{number}/0": prediction, f"step/{name}/{number}/1": flow}
    return {name: np.asarray(array) for name, array in results.items()}


def _run_elsewhere(folder: Path, batches: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Results of the programs in a process that starts in another folder."""
    with tempfile.TemporaryDirectory(prefix="vstm-") as scratch:
        inputs, outputs = Path(scratch, "inputs.npz"), Path(scratch, "outputs.npz")
        np.savez(inputs, **batches)  # type: ignore[arg-type]
        ended = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(folder.absolute()), str(inputs), str(outputs)],
            cwd=scratch,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode:
            last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
            raise UserError(f"{folder}: the programs don't run elsewhere ({last})")
        with np.load(io.BytesIO(outputs.read_bytes())) as results:
            return dict(results)
