"""Do the memory's features help? Linear probes for two segmentations of the current frame.

What is written, and how, is described in the program, `experiments.probe`.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.moving_mnist.generator import MovingMNIST
from data.progress import Progress
from experiments.configs.config import Config
from experiments.console.compilation import announced
from experiments.measure import linear_probe
from experiments.run import build
from vstm.compiler import compiler_options

RESULT_FILE = "probe_test.json"
SIZES = (10, 100, 1000)
TASKS = {"background": 2, "class": 11}
DECAYS = (0.0, 1e-6, 1e-4, 1e-2)
BATCH_SIZE = 20
NUM_VALIDATION, NUM_TEST = 100, 500

Encode = Callable[[np.ndarray], np.ndarray]  # frames [N, tau, H, W, 1] to maps [N, h, w, d]


def memory_outputs(config: Config, params: Any) -> Encode:
    """The last memory layer's outputs after tau frames."""
    model = build.make_model(config)

    def outputs(params, frames):
        output: Any = model.apply({"params": params}, frames)
        return output.state.output.reshape(len(frames), *model.config.map_size, -1)

    compiled = announced("the memory", jax.jit(outputs, compiler_options=compiler_options()))

    def encode(frames: np.ndarray) -> np.ndarray:
        batches = []
        for start in range(0, len(frames), BATCH_SIZE):
            batch = frames[start : start + BATCH_SIZE]
            filled = np.concatenate([batch, np.repeat(batch[-1:], BATCH_SIZE - len(batch), 0)])
            batches.append(np.asarray(compiled(params, jnp.asarray(filled)))[: len(batch)])
        return np.concatenate(batches)

    return encode


def pixel_cells(factor: int) -> Encode:
    """The pixels of the last frame, by cell."""
    return lambda frames: linear_probe.cells(frames[:, -1, :, :, 0], factor)


def sequences(
    source: MovingMNIST, tau: int, count: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Frames [N, tau, H, W, 1], and the last one's labels by task, [N, H, W]."""
    items = [source.with_ground_truth(i) for i in range(min(count, len(source)))]
    frames = np.stack([item["frames"][:tau] for item in items])
    classes = np.stack(
        [
            np.concatenate([[0], 1 + item["labels"].astype(int)])[item["object_mask"][tau - 1]]
            for item in items
        ]
    )
    return frames, {"background": (classes > 0).astype(int), "class": classes}


def probe_rows(config: Config, encoders: dict[str, Encode]) -> list[dict[str, Any]]:
    """Rows of all tasks, features and sizes; see above."""
    counts = {"train": max(SIZES), "validation": NUM_VALIDATION, "test": NUM_TEST}
    splits = {
        split: sequences(build.moving_mnist(config, split), config.tau, count)
        for split, count in counts.items()
    }
    rows = []
    num_fits = len(encoders) * len(TASKS) * len(SIZES) * len(DECAYS)
    with Progress(num_fits, unit="probe", description="fitting") as progress:
        for name, encode in encoders.items():
            features = {split: encode(frames) for split, (frames, _) in splits.items()}
            for task, num_classes in TASKS.items():
                labels = {split: of_tasks[task] for split, (_, of_tasks) in splits.items()}
                for size in SIZES:
                    candidates = []
                    for decay in DECAYS:
                        fitted = linear_probe.fit(
                            features["train"][:size],
                            labels["train"][:size],
                            num_classes,
                            decay,
                            config.seed,
                        )
                        found = linear_probe.predict(fitted, features["validation"])
                        score = linear_probe.mean_iou(found, labels["validation"], num_classes)
                        candidates.append((score, decay, fitted))
                        progress.advance()
                    _, decay, best = max(candidates, key=lambda candidate: candidate[0])
                    found, truth = linear_probe.predict(best, features["test"]), labels["test"]
                    rows.append(
                        {
                            "task": task,
                            "features": name,
                            "sequences": size,
                            "mean_iou": linear_probe.mean_iou(found, truth, num_classes),
                            "digit_accuracy": float((found == truth)[truth > 0].mean()),
                            "decay": decay,
                        }
                    )
    return rows
