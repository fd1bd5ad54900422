"""Scores of a model whose products are rounded as accelerators round them."""

from functools import partial
from typing import Any

import jax.numpy as jnp

from data.batches import evaluation_batches
from experiments.configs.config import Config
from experiments.measure.evaluation import evaluate, make_predict
from experiments.run import build
from experiments.run.rounding import rounded
from vstm.compiler import PRECISIONS


def rounded_scores(config: Config, params: Any, num_sequences: int) -> list[dict[str, Any]]:
    """Scores of the first test sequences, in each precision.

    Args:
      config: of the run.
      params: its parameters.
      num_sequences: how many are scored, at most.

    Returns:
      A row {precision, the model's metrics, moved} for each of `PRECISIONS`; `moved` is the largest
      difference of an intensity, of the first batch, from that in float32.

    Raises:
      UserError: a sequence cannot be read.
    """
    source, batch_size = build.source(config, "test"), config.evaluation.batch_size
    model = build.make_model(config).clone(convolution="direct")  # as on accelerators
    _, batch = next(evaluation_batches(source, batch_size, batch_size))
    rows, exact = [], None
    for precision in PRECISIONS:
        predict = make_predict(model, change=partial(rounded, precision=precision))(params)
        intensities = predict(batch["frames"][:, : config.tau]).intensities
        exact = intensities if exact is None else exact
        scores = evaluate(
            predict,
            source,
            tau=config.tau,
            batch_size=batch_size,
            num_sequences=num_sequences,
            constant=0.0,
            description=f"evaluating in {precision}",
        )
        moved = float(jnp.abs(intensities - exact).max())
        rows.append({"precision": precision} | scores["model"] | {"moved": moved})
    return rows
