"""Lower bound on the error, given the ground-truth flow: encoder and decoder alone.

What is written, and how, is described in the program, `experiments.true_flow_floor`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from data.progress import Progress
from data.sources import GroundTruthSource
from experiments.console.compilation import announced
from experiments.measure.batches import measured_batches
from vstm.compiler import compiler_options
from vstm.losses.reconstruction import binary_cross_entropy
from vstm.metrics.frames import cross_entropy, mean_squared_error
from vstm.modules.decoder import Decoder
from vstm.modules.encoder import Encoder
from vstm.modules.model_config import ModelConfig
from vstm.ops.warp import warp_batch
from vstm.variants import VARIANTS

BATCH_SIZE = 16
LEARNING_RATE = 2e-3

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Frames, the next ones [B, H, W, 1] and the digits' motions [B, k, 2]."""


class TrueFlowCodec(nn.Module):
    """Encoder, warp by the best of some motions, decoder.

    Attributes:
      config: whose encoder and decoder.
    """

    config: ModelConfig

    @nn.compact
    def __call__(self, frame: jax.Array, target: jax.Array, motions: jax.Array) -> jax.Array:
        """Logits of the next frame.

        Args:
          frame: binary pixels or intensities, [B, H, W, 1].
          target: the next frame, by which each cell's motion is chosen.
          motions: (u, v) of each digit, backward, image pixels, [B, k, 2]; rest is added.

        Returns:
          [B, H, W, 1].
        """
        features = Encoder(self.config.encoder_features, name="encoder")(frame)
        decoder = Decoder(self.config.encoder_features[-2::-1], name="decoder")
        factor = self.config.downsampling
        motions = jnp.pad(motions, ((0, 0), (0, 1), (0, 0))) / factor
        flows = jnp.broadcast_to(
            jnp.swapaxes(motions, 0, 1)[:, :, None, None],
            (motions.shape[1], *features.shape[:-1], 2),
        )
        warped = jax.vmap(warp_batch, in_axes=(None, 0))(features, flows)  # [k + 1, B, h, w, d]
        outputs = decoder(warped, frame.shape[-1])
        errors = binary_cross_entropy(outputs, jnp.broadcast_to(target, outputs.shape))
        batch, height, width, _ = features.shape
        cells = errors.reshape(-1, batch, height, factor, width, factor).mean(axis=(3, 5))
        best = jax.lax.stop_gradient(jnp.argmin(cells, axis=0))
        chosen = jnp.take_along_axis(warped, best[None, ..., None], axis=0)[0]
        return decoder(chosen, frame.shape[-1])


def encoder_name(config: ModelConfig) -> str:
    """Of an encoder: as in the variants' names, `1enc` or `2enc`, if it is one of theirs.

    Any other's gives its features, such as `enc-8-16`.
    """
    features = config.encoder_features
    if features in {variant.encoder_features for variant in VARIANTS.values()}:
        return f"{len(features)}enc"
    return "-".join(["enc", *map(str, features)])


def train_and_test(
    config: ModelConfig,
    train: GroundTruthSource,
    test: GroundTruthSource,
    *,
    tau: int,
    seed: int,
    num_test: int,
    num_updates: int,
) -> dict[str, object]:
    """Trains a codec and gives its error on test sequences.

    Args:
      config: whose encoder and decoder.
      train: sequences of moving MNIST, with their `positions`.
      test: held-out sequences, whose frame tau + 1 is predicted.
      tau: which frame is the last one seen.
      seed: of the parameters, and of the training pairs.
      num_test: test sequences, at most.
      num_updates: of batches of 16 pairs of frames.

    Returns:
      What is written, see the program.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    model = TrueFlowCodec(config)
    tx = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, num_updates))
    first = map(jnp.asarray, next(_training_pairs(train, 1, seed)))
    options = compiler_options()
    params = jax.jit(model.init, compiler_options=options)(jax.random.key(seed), *first)
    opt_state = tx.init(params)

    def logits(params, frame, target, motions) -> Any:
        return model.apply(params, frame, target, motions)

    def objective(params, frame, target, motions):
        return jnp.mean(binary_cross_entropy(logits(params, frame, target, motions), target))

    def updated(params, opt_state, batch):
        gradient = jax.grad(objective)(params, *batch)
        updates, opt_state = tx.update(gradient, opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    update = announced("the update", jax.jit(updated, compiler_options=options))
    with Progress(num_updates, unit="update", description="training") as progress:
        for batch in _training_pairs(train, num_updates, seed):
            params, opt_state = update(params, opt_state, batch)
            progress.advance()

    def scored(params, frame, target, motions):
        output = logits(params, frame, target, motions)
        return cross_entropy(output, target), mean_squared_error(jax.nn.sigmoid(output), target)

    score = announced("the score", jax.jit(scored, compiler_options=options))
    last = np.full(BATCH_SIZE, tau)
    batches = measured_batches(test, num_test, BATCH_SIZE, "scoring", ground_truth=True)
    errors = [
        np.asarray(score(params, *_pairs(batch, last)), np.float64)[:, :count]
        for count, batch in batches
    ]
    entropy, squared = np.concatenate(errors, axis=1).mean(axis=1)
    return {
        "encoder": encoder_name(config),
        "updates": num_updates,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "seed": seed,
        "test_cross_entropy": float(entropy),
        "test_mean_squared_error": float(squared),
    }


def _pairs(batch: Mapping[str, np.ndarray], t: np.ndarray) -> Pairs:
    """Frames t - 1 and t, counted from 0, of each sequence."""
    n = np.arange(len(t))
    frames, positions = batch["frames"], batch["positions"].astype(np.float32)
    return frames[n, t - 1], frames[n, t], positions[n, t - 1] - positions[n, t]


def _training_pairs(source: GroundTruthSource, num_updates: int, seed: int) -> Iterator[Pairs]:
    generator = np.random.default_rng(seed)
    for _ in range(num_updates):
        items = [
            source.with_ground_truth(int(i))
            for i in generator.integers(len(source), size=BATCH_SIZE)
        ]
        batch = {name: np.stack([item[name] for item in items]) for name in ("frames", "positions")}
        yield _pairs(
            batch, np.array([generator.integers(1, len(item["frames"])) for item in items])
        )
