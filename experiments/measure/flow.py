"""Compares a run's flow with the true one, which the data's generator knows.

What is written, and how, is described in the program, `experiments.evaluate_flow`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data.sources import GroundTruthSource
from experiments.measure.batches import Batch, measured_batches
from experiments.measure.classical_flow import ClassicalFlow
from experiments.measure.evaluation import Predict
from experiments.measure.flow_scores import CAUSES, FlowScores, TrueFlow
from experiments.measure.linear_probe import cells
from vstm.losses.photometric import constant_shift
from vstm.ops.warp import warp_within

Flows = Callable[[Batch], np.ndarray]
"""From a batch, with what is known of its B sequences, to their flow, [B, H, W, 2], pixels."""


class Method(NamedTuple):
    """A source of flow.

    Attributes:
      flows: of a batch's sequences.
      frame: which frame's, counted from 0; the flow leads to the one before.
    """

    flows: Flows
    frame: int


NUM_SHIFT_SEQUENCES = 256  # of validation, at most, by which the constant is chosen

_carry_on = jax.jit(jax.vmap(warp_within))


def model_method(predict: Predict, tau: int) -> Method:
    """A model's flow of frame tau + 1."""
    # Of the batch before, which another method may ask for again, see `shifted_method`.
    known: tuple[Batch, np.ndarray] | None = None

    def flows(batch: Batch) -> np.ndarray:
        nonlocal known
        if known is None or known[0] is not batch:
            known = batch, np.asarray(predict(batch["frames"][:, :tau]).flow)
        return known[1]

    return Method(flows, tau)


def shifted_method(method: Method, shift: np.ndarray) -> Method:
    """A method's flow with a constant (u, v) added."""
    return method._replace(flows=lambda batch: method.flows(batch) + shift)


def best_shift(
    method: Method, source: GroundTruthSource, num_sequences: int, batch_size: int
) -> np.ndarray:
    """The constant of `constant_shift` for a method's flow, (u, v) in pixels.

    Args:
      method: the source of flow.
      source: sequences whose first ones are moved; of their ground truth it needs nothing.
      num_sequences: how many, at most.
      batch_size: for the model, as in `flow_scores`.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    last, targets, flows = [], [], []
    for count, batch in measured_batches(
        source, num_sequences, batch_size, "looking for the shift", ground_truth=True
    ):
        frames = batch["frames"][:count]
        last.append(frames[:, method.frame - 1])
        targets.append(frames[:, method.frame])
        flows.append(method.flows(batch)[:count])
    shift = constant_shift(*(jnp.asarray(np.concatenate(each)) for each in (last, targets, flows)))
    return np.asarray(shift)


def zero_method(tau: int) -> Method:
    """No flow, of frame tau + 1."""
    return Method(lambda batch: np.zeros_like(batch["flow"][:, 0]), tau)


def true_cells_method(tau: int, factor: int) -> Method:
    """The true flow of frame tau + 1 as well as cells of factor x factor pixels can hold it.

    Each cell has the mean motion of those of its moving pixels that have the most frequent of its
    motions, see `TrueFlow.motions`, or none if nothing in it moves.
    """

    def flow_of(truth: TrueFlow) -> np.ndarray:
        num_motions, labels = truth.motions()
        of_cells = cells(labels[None], factor)[0]
        counts = (of_cells[..., None] == np.arange(max(1, num_motions))).sum(axis=-2)
        chosen = of_cells == counts.argmax(axis=-1)[..., None]
        u, v = (cells(part[None], factor)[0] for part in np.moveaxis(truth.flow, -1, 0))
        sums = np.stack([(part * chosen).sum(axis=-1) for part in (u, v)], axis=-1)
        means = sums / np.maximum(chosen.sum(axis=-1), 1)[..., None]
        return means.repeat(factor, axis=0).repeat(factor, axis=1)

    def flows(batch: Batch) -> np.ndarray:
        return np.stack([flow_of(TrueFlow.of(item, tau)) for item in _items(batch)])

    return Method(flows, tau)


def _items(batch: Batch) -> Iterator[dict[str, np.ndarray]]:
    """The sequences of a batch."""
    for i in range(len(batch["frames"])):
        yield {name: array[i] for name, array in batch.items()}


def classical_method(tau: int, method: str, seen: bool) -> Method:
    """A classical method's flow between frames tau - 1 and tau.

    Args:
      tau: frames seen, at least 2.
      method: one of `classical_flow.METHODS`.
      seen: whether it is scored as that of frame tau, or extrapolated to tau + 1: each pixel takes
        the flow at the place that its own flow leads to.

    Raises:
      UserError: OpenCV is not installed.
    """
    classical = ClassicalFlow(method)

    def flows(batch: Batch) -> np.ndarray:
        pairs = batch["frames"][:, tau - 2 : tau, ..., 0]
        flow = np.stack([classical(previous, frame) for previous, frame in pairs])
        return flow if seen else np.asarray(_carry_on(jnp.asarray(flow), jnp.asarray(flow)))

    return Method(flows, tau - 1 if seen else tau)


def flow_scores(
    methods: Mapping[str, Method],
    source: GroundTruthSource,
    num_sequences: int,
    batch_size: int,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, FlowScores]:
    """Scores of each method on the first sequences of a source, which is gone through once.

    Args:
      methods: sources of flow.
      source: sequences, with `flow`, `object_mask` and, where it is known, `occluded`.
      num_sequences: how many, at most.
      batch_size: sequences that a method sees at once.
      thresholds: by method; None while they are looked for, see `FlowScores`.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    scores = {name: FlowScores(thresholds[name] if thresholds else None) for name in methods}
    for count, batch in measured_batches(
        source, num_sequences, batch_size, "scoring flow", ground_truth=True
    ):
        for name, method in methods.items():
            flows = method.flows(batch)
            for flow, item in zip(flows[:count], _items(batch), strict=False):
                scores[name].add(flow, TrueFlow.of(item, method.frame))
    return scores


def evaluate_flow(
    methods: Mapping[str, Method],
    validation: GroundTruthSource,
    test: GroundTruthSource,
    *,
    num_validation: int,
    num_test: int,
    batch_size: int,
) -> dict[str, dict[str, float | None]]:
    """Test scores by method, each with the threshold that is best on validation sequences.

    Args:
      methods: sources of flow.
      validation: sequences by which the thresholds are chosen.
      test: sequences that are scored.
      num_validation: how many of them, at most.
      num_test: how many of them, at most.
      batch_size: sequences that a method sees at once.

    Returns:
      `FlowScores.scores` by method.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    found = flow_scores(methods, validation, num_validation, batch_size)
    thresholds = {name: scores.best_threshold() for name, scores in found.items()}
    results = flow_scores(methods, test, num_test, batch_size, thresholds)
    return {name: scores.scores() for name, scores in results.items()}


def table(results: Mapping[str, Mapping[str, float | None]]) -> str:
    """A line a method, a column a score; below, the errors by cause and the pixels' shares."""
    by_cause = {f"{cause}_{what}" for cause in CAUSES for what in ("share", "error")}
    names = [name for name in next(iter(results.values())) if name not in by_cause]
    shares = next(iter(results.values()))
    causes = [cause for cause in CAUSES if shares[f"{cause}_share"]]
    titles = {cause: f"{cause} ({shares[f'{cause}_share']:.0%})" for cause in causes}
    return "\n".join(
        [
            *_lines({name: name for name in names}, results),
            "endpoint error by cause, and the share of pixels",
            *_lines({f"{cause}_error": title for cause, title in titles.items()}, results),
        ]
    )


def _lines(
    titles: Mapping[str, str], results: Mapping[str, Mapping[str, float | None]]
) -> list[str]:
    widths = {name: max(16, len(title) + 2) for name, title in titles.items()}
    lines = [" " * 16 + "".join(f"{titles[name]:>{width}}" for name, width in widths.items())]
    for method, scores in results.items():
        values = {name: scores[name] for name in widths}
        texts = {name: "-" if v is None else f"{v:.4f}" for name, v in values.items()}
        cells_of = (text.rjust(widths[name]) for name, text in texts.items())
        lines.append(f"{method:16}" + "".join(cells_of))
    return lines
