"""Do the memory's features help? Linear probes for two segmentations of the current frame.

What is written, and how, is described in the program, `experiments.probe`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data.progress import Progress
from data.sources import GroundTruthSource
from experiments.console.compilation import announced
from experiments.measure import linear_probe
from experiments.measure.batches import measured_batches
from vstm.compiler import compiler_options
from vstm.model import Autoencoder

SIZES = (10, 100, 1000)
TASKS = {"background": 2, "class": 11}
DECAYS = (0.0, 1e-6, 1e-4, 1e-2)
BATCH_SIZE = 20
NUM_VALIDATION, NUM_TEST = 100, 500

Encode = Callable[[np.ndarray], np.ndarray]
"""From frames [B, tau, H, W, 1] to maps [B, h, w, d]."""


def memory_outputs(model: Autoencoder, params: Any) -> Encode:
    """The last memory layer's outputs after tau frames."""

    def outputs(params, frames):
        output: Any = model.apply({"params": params}, frames)
        return output.state.output.reshape(*output.features.shape[:-1], -1)

    compiled = announced("the memory", jax.jit(outputs, compiler_options=compiler_options()))
    return lambda frames: np.asarray(compiled(params, jnp.asarray(frames)))


def pixel_cells(factor: int) -> Encode:
    """The pixels of the last frame, by cell."""
    return lambda frames: linear_probe.cells(frames[:, -1, :, :, 0], factor)


class Labelled(NamedTuple):
    """Sequences as a probe sees them.

    Attributes:
      features: by encoder, [N, h, w, d].
      labels: the last frame's, by task, [N, H, W].
    """

    features: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]


def labelled(
    encoders: Mapping[str, Encode], source: GroundTruthSource, tau: int, num_sequences: int
) -> Labelled:
    """Features and labels of frame tau in the first sequences of a source.

    Args:
      encoders: by name.
      source: sequences, with `object_mask` and the objects' `labels`.
      tau: frames fed in.
      num_sequences: how many, at most.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    features: dict[str, list[np.ndarray]] = {name: [] for name in encoders}
    classes = []
    for count, batch in measured_batches(
        source, num_sequences, BATCH_SIZE, "encoding", ground_truth=True
    ):
        frames = batch["frames"][:, :tau]
        for name, encode in encoders.items():
            features[name].append(encode(frames)[:count])
        # Of object 0, the background, and of each digit.
        class_of = np.pad(1 + batch["labels"].astype(int), ((0, 0), (1, 0)))
        masks = batch["object_mask"][:, tau - 1]
        classes.append(np.stack([class_of[i][masks[i]] for i in range(count)]))
    of_pixels = np.concatenate(classes)
    return Labelled(
        {name: np.concatenate(parts) for name, parts in features.items()},
        {"background": (of_pixels > 0).astype(int), "class": of_pixels},
    )


def probe_rows(
    encoders: Mapping[str, Encode],
    sources: Mapping[str, GroundTruthSource],
    *,
    tau: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Rows of all tasks, features and sizes; see the program.

    Args:
      encoders: the features, by name.
      sources: `train`, `validation` and `test`.
      tau: frames fed in.
      seed: of the probes' batches.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    counts = {"train": max(SIZES), "validation": NUM_VALIDATION, "test": NUM_TEST}
    splits = {
        split: labelled(encoders, sources[split], tau, count) for split, count in counts.items()
    }
    rows = []
    num_fits = len(encoders) * len(TASKS) * len(SIZES) * len(DECAYS)
    with Progress(num_fits, unit="probe", description="fitting") as progress:
        for name in encoders:
            features = {split: of_split.features[name] for split, of_split in splits.items()}
            for task, num_classes in TASKS.items():
                labels = {split: of_split.labels[task] for split, of_split in splits.items()}
                for size in SIZES:
                    candidates = []
                    for decay in DECAYS:
                        fitted = linear_probe.fit(
                            features["train"][:size],
                            labels["train"][:size],
                            num_classes,
                            decay,
                            seed,
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
                            "sequences": len(features["train"][:size]),
                            "mean_iou": linear_probe.mean_iou(found, truth, num_classes),
                            "digit_accuracy": float((found == truth)[truth > 0].mean()),
                            "decay": decay,
                        }
                    )
    return rows
