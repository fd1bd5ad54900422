"""Compares a run's flow with the true one, which the generator of moving MNIST knows.

    python -m experiments.evaluate_flow --workdir=runs/x [--classical]

Writes `flow_test.json` into the run's folder: of the model's flow, of none and, with --classical,
of two classical methods, the errors over moving pixels and the motion segmentation, see
`FlowScores`. The threshold of the segmentation is chosen for each on validation sequences. Flow is
that of frame tau + 1, in image pixels, each of a feature map's vectors standing for the pixels
below it.

The model sees frames up to tau. So does a classical method: its flow between the last two inputs
is carried on along itself (`farneback`, `dis`), which supposes constant velocity, or scored as
what it is, the flow of frame tau, which it has seen (`farneback_seen`, `dis_seen`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from tqdm import tqdm

from data.moving_mnist import MovingMNIST, MovingMNISTItem
from experiments import build, command_line
from experiments.classical_flow import METHODS, ClassicalFlow
from experiments.config import Config, read_json
from experiments.errors import UserError
from experiments.evaluate import make_predict
from experiments.flow_scores import FlowScores
from experiments.run_folder import CONFIG_FILE, write_atomically
from experiments.runtime import use_allocation
from vstm.model_file import load_model
from vstm.variants import get_variant
from vstm.warp import upsample_flow, warp_within

RESULT_FILE = "flow_test.json"

Pair = tuple[np.ndarray, np.ndarray]  # flow and the true one, [H, W, 2], pixels
Pairs = Callable[[list[MovingMNISTItem]], Iterator[Pair]]

_carry_on = jax.jit(warp_within)


def model_pairs(config: Config, params: object) -> Pairs:
    """The model's flow of frame tau + 1, beside the true one."""
    predict, tau = make_predict(build.make_model(config)), config.tau
    factor = get_variant(config.variant).downsampling

    def pairs(items: list[MovingMNISTItem]) -> Iterator[Pair]:
        frames = np.stack([item["frames"][:tau] for item in items])
        flow = np.asarray(upsample_flow(predict(params, jnp.asarray(frames)).flow, factor))
        yield from zip(flow, (item["flow"][tau - 1] for item in items), strict=True)

    return pairs


def zero_pairs(tau: int) -> Pairs:
    """No flow, beside the true one of frame tau + 1."""
    return lambda items: (
        (np.zeros_like(item["flow"][tau - 1]), item["flow"][tau - 1]) for item in items
    )


def classical_pairs(tau: int, method: str, seen: bool) -> Pairs:
    """A classical method's flow between frames tau - 1 and tau.

    Args:
      tau: frames seen, at least 2.
      method: one of `classical_flow.METHODS`.
      seen: whether it stands beside the true flow of frame tau, else carried on to tau + 1.

    Raises:
      UserError: OpenCV is not installed.
    """
    classical = ClassicalFlow(method)

    def pairs(items: list[MovingMNISTItem]) -> Iterator[Pair]:
        for item in items:
            previous, frame = item["frames"][tau - 2 : tau, ..., 0]
            flow = classical(previous, frame)
            if seen:
                yield flow, item["flow"][tau - 2]
            else:
                moved = _carry_on(jnp.asarray(flow), jnp.asarray(flow))
                yield np.asarray(moved), item["flow"][tau - 1]

    return pairs


def flow_scores(
    pairs: Pairs, source: MovingMNIST, num_sequences: int, batch_size: int, threshold: float | None
) -> FlowScores:
    """Scores on the first sequences of a source; see `FlowScores` for the threshold."""
    scores = FlowScores(threshold)
    for start in range(0, min(num_sequences, len(source)), batch_size):
        stop = min(start + batch_size, num_sequences, len(source))
        # as many as ever, so that the forward pass is compiled once
        items = [
            source.with_ground_truth(min(i, stop - 1)) for i in range(start, start + batch_size)
        ]
        for flow, truth in list(pairs(items))[: stop - start]:
            scores.add(flow, truth)
    return scores


def evaluate_flow(config: Config, methods: Mapping[str, Pairs]) -> dict[str, dict[str, float]]:
    """Test scores by method, each with the threshold that is best on validation sequences."""
    validation, test = (build.moving_mnist(config, split) for split in ("validation", "test"))
    evaluation = config.evaluation
    results = {}
    for name, pairs in tqdm(methods.items(), unit="method", leave=False, disable=None):
        found = flow_scores(
            pairs, validation, evaluation.num_validation, evaluation.batch_size, None
        )
        scores = flow_scores(
            pairs, test, evaluation.num_test, evaluation.batch_size, found.best_threshold()
        )
        results[name] = scores.scores()
    return results


def _main() -> None:
    folder = Path(_WORKDIR.value)
    config = read_json(folder / CONFIG_FILE)
    if config.data.name != "moving_mnist" or config.tau < 2:
        raise UserError(
            f"{folder}: trained on {config.data.name} with tau={config.tau}; expected a run on "
            "moving_mnist, whose true flow is known, with tau of at least 2"
        )
    try:
        _, params = load_model(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"--workdir: {error}") from error
    methods = {"model": model_pairs(config, params), "zero": zero_pairs(config.tau)}
    if _CLASSICAL.value:
        for method in METHODS:
            methods[method] = classical_pairs(config.tau, method, seen=False)
            methods[f"{method}_seen"] = classical_pairs(config.tau, method, seen=True)
    config.evaluation.num_test = _NUM_SEQUENCES.value
    config.evaluation.num_validation = min(_NUM_SEQUENCES.value, config.evaluation.num_validation)
    results = evaluate_flow(config, methods)
    text = json.dumps({"num_sequences": _NUM_SEQUENCES.value, **results}, indent=2)
    try:
        write_atomically(folder / RESULT_FILE, text + "\n")
    except OSError as error:
        raise UserError(f"{folder / RESULT_FILE}: cannot be written ({error})") from error
    print(table(results))


def table(results: dict[str, dict[str, float]]) -> str:
    """A line a method, a column a score."""
    names = list(next(iter(results.values())))
    lines = [f"{'':16}" + "".join(f"{name:>16}" for name in names)]
    for method, scores in results.items():
        lines.append(f"{method:16}" + "".join(f"{scores[name]:16.4f}" for name in names))
    return "\n".join(lines)


if __name__ == "__main__":
    use_allocation()
    _WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run.", required=True)
    _CLASSICAL = flags.DEFINE_bool("classical", False, "Whether to score classical methods too.")
    _NUM_SEQUENCES = flags.DEFINE_integer("num_sequences", 1000, "Test sequences.", lower_bound=1)
    command_line.run(_main)
