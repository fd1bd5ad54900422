"""Compares a run's flow with the true one, which the generator of moving MNIST knows.

What is written, and how, is described in the program, `experiments.evaluate_flow`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data.moving_mnist.generator import MovingMNIST, MovingMNISTItem
from data.progress import Progress
from experiments.configs.config import Config
from experiments.measure.classical_flow import ClassicalFlow
from experiments.measure.evaluation import make_predict
from experiments.measure.flow_scores import FlowScores
from experiments.measure.linear_probe import cells
from experiments.run import build
from vstm.losses.photometric import constant_shift
from vstm.ops.warp import upsample_flow, warp_within

Flows = Callable[[list[MovingMNISTItem]], Iterator[np.ndarray]]  # [H, W, 2] each, pixels


class Method(NamedTuple):
    """A source of flow.

    Attributes:
      flows: of sequences.
      frame: which frame's, counted from 0; the flow leads to the one before.
    """

    flows: Flows
    frame: int


NUM_SHIFT_SEQUENCES = 256  # of validation, at most, by which the constant is chosen

_carry_on = jax.jit(warp_within)


def model_method(config: Config, params: object) -> Method:
    """The model's flow of frame tau + 1."""
    predict, tau = make_predict(build.make_model(config)), config.tau
    factor = build.make_model(config).config.downsampling
    # Of the batch before, which another method may ask for again, see `shifted_method`.
    known: tuple[list[MovingMNISTItem], np.ndarray] | None = None

    def flows(items: list[MovingMNISTItem]) -> Iterator[np.ndarray]:
        nonlocal known
        if known is None or known[0] is not items:
            frames = np.stack([item["frames"][:tau] for item in items])
            flow = upsample_flow(predict(params, jnp.asarray(frames)).flow, factor)
            known = items, np.asarray(flow)
        yield from known[1]

    return Method(flows, tau)


def shifted_method(method: Method, shift: np.ndarray) -> Method:
    """A method's flow with a constant (u, v) added."""
    return method._replace(flows=lambda items: (flow + shift for flow in method.flows(items)))


def best_shift(
    method: Method, source: MovingMNIST, num_sequences: int, batch_size: int
) -> np.ndarray:
    """The constant of `constant_shift` for a method's flow, (u, v) in pixels.

    Args:
      method: the source of flow.
      source: sequences whose first ones are moved.
      num_sequences: how many, at most.
      batch_size: for the model, as in `flow_scores`.
    """
    flows, last, targets = [], [], []
    for items in _batches(source, num_sequences, batch_size):
        flows += list(method.flows(items))
        last += [item["frames"][method.frame - 1] for item in items]
        targets += [item["frames"][method.frame] for item in items]
    count = min(num_sequences, len(source))
    shift = constant_shift(
        *(jnp.asarray(np.stack(each[:count])) for each in (last, targets, flows))
    )
    return np.asarray(shift)


def _batches(
    source: MovingMNIST, num_sequences: int, batch_size: int
) -> Iterator[list[MovingMNISTItem]]:
    """The first sequences of a source; the last batch is filled up with its last sequence.

    So all are of one size, and the forward pass is compiled once.
    """
    num_sequences = min(num_sequences, len(source))
    for start in range(0, num_sequences, batch_size):
        indices = range(start, start + batch_size)
        yield [source.with_ground_truth(min(i, num_sequences - 1)) for i in indices]


def zero_method(tau: int) -> Method:
    """No flow, of frame tau + 1."""
    return Method(lambda items: (np.zeros_like(item["flow"][0]) for item in items), tau)


def true_cells_method(tau: int, factor: int) -> Method:
    """The true flow of frame tau + 1 as well as cells of factor x factor pixels can hold it.

    Each cell has the motion that most of its pixels of moving digits have, or none if it has none.
    """

    def flows(items: list[MovingMNISTItem]) -> Iterator[np.ndarray]:
        for item in items:
            truth = item["flow"][tau - 1]
            moving = truth.any(axis=-1) & (item["object_mask"][tau] > 0)
            motions, labels = np.unique(truth.reshape(-1, 2), axis=0, return_inverse=True)
            labels = np.where(moving, labels.reshape(moving.shape), -1)
            counts = (cells(labels[None], factor)[..., None] == np.arange(len(motions))).sum(-2)
            most = motions[counts.argmax(axis=-1)] * counts.any(axis=-1)[..., None]
            yield most[0].repeat(factor, axis=0).repeat(factor, axis=1)

    return Method(flows, tau)


def classical_method(tau: int, method: str, seen: bool) -> Method:
    """A classical method's flow between frames tau - 1 and tau.

    Args:
      tau: frames seen, at least 2.
      method: one of `classical_flow.METHODS`.
      seen: whether it is taken for what it is, that of frame tau, else carried on to tau + 1: each
        pixel takes the flow at the place that its own flow leads to.

    Raises:
      UserError: OpenCV is not installed.
    """
    classical = ClassicalFlow(method)

    def flows(items: list[MovingMNISTItem]) -> Iterator[np.ndarray]:
        for item in items:
            previous, frame = item["frames"][tau - 2 : tau, ..., 0]
            flow = classical(previous, frame)
            yield flow if seen else np.asarray(_carry_on(jnp.asarray(flow), jnp.asarray(flow)))

    return Method(flows, tau - 1 if seen else tau)


def flow_scores(
    methods: Mapping[str, Method],
    source: MovingMNIST,
    num_sequences: int,
    batch_size: int,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, FlowScores]:
    """Scores of each method on the first sequences of a source, which is gone through once.

    Args:
      methods: sources of flow.
      source: sequences.
      num_sequences: how many, at most.
      batch_size: sequences that a method sees at once.
      thresholds: by method; None while they are looked for, see `FlowScores`.
    """
    scores = {name: FlowScores(thresholds[name] if thresholds else None) for name in methods}
    left = min(num_sequences, len(source))
    with Progress(left, unit="sequence", description="scoring flow", leave=False) as progress:
        for items in _batches(source, num_sequences, batch_size):
            for name, method in methods.items():
                for item, flow in zip(items[:left], method.flows(items), strict=False):
                    digits = item["object_mask"][method.frame] > 0
                    scores[name].add(flow, item["flow"][method.frame - 1], digits)
            progress.advance(min(left, batch_size))
            left -= batch_size
    return scores


def evaluate_flow(config: Config, methods: Mapping[str, Method]) -> dict[str, dict[str, float]]:
    """Test scores by method, each with the threshold that is best on validation sequences."""
    validation, test = (build.moving_mnist(config, split) for split in ("validation", "test"))
    evaluation = config.evaluation
    found = flow_scores(methods, validation, evaluation.num_validation, evaluation.batch_size)
    thresholds = {name: scores.best_threshold() for name, scores in found.items()}
    results = flow_scores(methods, test, evaluation.num_test, evaluation.batch_size, thresholds)
    return {name: scores.scores() for name, scores in results.items()}


def table(results: dict[str, dict[str, float]]) -> str:
    """A line a method, a column a score."""
    names = list(next(iter(results.values())))
    lines = [f"{'':16}" + "".join(f"{name:>16}" for name in names)]
    for method, scores in results.items():
        lines.append(f"{method:16}" + "".join(f"{scores[name]:16.4f}" for name in names))
    return "\n".join(lines)
