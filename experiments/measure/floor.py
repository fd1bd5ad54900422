"""What is left of the error when the flow is right: encoder and decoder alone, with the true flow.

What is written, and how, is described in the program, `experiments.true_flow_floor`.
"""

from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from data.moving_mnist.generator import MovingMNIST, MovingMNISTItem
from data.progress import Progress
from experiments.configs.config import Config
from experiments.console.compilation import announced
from experiments.console.errors import UserError
from experiments.run import build
from vstm.losses.reconstruction import binary_cross_entropy
from vstm.modules.decoder import Decoder
from vstm.modules.encoder import Encoder
from vstm.modules.model_config import ModelConfig
from vstm.ops.warp import warp_batch
from vstm.variants import get_variant

BATCH_SIZE = 16
LEARNING_RATE = 2e-3


class TrueFlowCodec(nn.Module):
    """Encoder, warp by the best of some motions, decoder.

    Attributes:
      variant: whose encoder and decoder.
    """

    variant: ModelConfig

    @nn.compact
    def __call__(self, frame: jax.Array, target: jax.Array, motions: jax.Array) -> jax.Array:
        """Logits of the next frame.

        Args:
          frame: binary, [B, H, W, 1].
          target: the next frame, by which each cell's motion is chosen.
          motions: (u, v) of each digit, backward, image pixels, [B, k, 2]; rest is added.

        Returns:
          [B, H, W, 1].
        """
        features = Encoder(self.variant.encoder_features, name="encoder")(frame)
        decoder = Decoder(self.variant.encoder_features[-2::-1], name="decoder")
        factor = self.variant.downsampling
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


def encoder_name(variant: ModelConfig) -> str:
    """`1enc` or `2enc`, as in the variants' names."""
    return f"{len(variant.encoder_features)}enc"


def train_and_test(config: Config, num_updates: int) -> dict[str, object]:
    """Trains a codec and gives its error on test sequences.

    Args:
      config: resolved, of binary moving MNIST.
      num_updates: of batches of 16 pairs of frames.

    Returns:
      What is written, see above.

    Raises:
      UserError: another configuration, or its data cannot be read.
    """
    if config.data.name != "moving_mnist" or config.loss != "bce":
        raise UserError(
            f"config.data.name={config.data.name}, config.loss={config.loss}: expected "
            "moving_mnist and bce, binary moving MNIST, of which the true motions are known"
        )
    variant = get_variant(config.variant)
    model = TrueFlowCodec(variant)
    train, test = (build.moving_mnist(config, split) for split in ("train", "test"))
    tx = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, num_updates))
    pairs = _training_pairs(train, num_updates, config.seed)
    frame, target, motions = next(_batches(test, range(1), config.tau))
    params = model.init(jax.random.key(config.seed), frame, target, motions)
    opt_state = tx.init(params)

    def objective(params, frame, target, motions):
        logits: Any = model.apply(params, frame, target, motions)
        return jnp.mean(binary_cross_entropy(logits, target))

    def updated(params, opt_state, batch):
        gradient = jax.grad(objective)(params, *batch)
        updates, opt_state = tx.update(gradient, opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    update = announced("the update", jax.jit(updated))
    with Progress(num_updates, unit="update", description="training") as progress:
        for batch in pairs:
            params, opt_state = update(params, opt_state, batch)
            progress.advance()

    evaluated = min(config.evaluation.num_test, len(test))
    score = announced("the score", jax.jit(objective))
    errors = [
        float(score(params, *batch)) * len(batch[0])
        for batch in _batches(test, range(evaluated), config.tau)
    ]
    return {
        "encoder": encoder_name(variant),
        "updates": num_updates,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "seed": config.seed,
        "test_cross_entropy": sum(errors) / evaluated,
    }


def _pair(item: MovingMNISTItem, t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positions = item["positions"].astype(np.float32)
    return item["frames"][t - 1], item["frames"][t], positions[t - 1] - positions[t]


def _stack(pairs: list[tuple[np.ndarray, ...]]) -> tuple[jax.Array, ...]:
    return tuple(jnp.asarray(np.stack(part)) for part in zip(*pairs, strict=True))


def _training_pairs(
    source: MovingMNIST, num_updates: int, seed: int
) -> Iterator[tuple[jax.Array, ...]]:
    generator = np.random.default_rng(seed)
    for _ in range(num_updates):
        items = [
            source.with_ground_truth(i) for i in generator.integers(len(source), size=BATCH_SIZE)
        ]
        yield _stack([_pair(i, int(generator.integers(1, len(i["frames"])))) for i in items])


def _batches(source: MovingMNIST, indices: range, t: int) -> Iterator[tuple[jax.Array, ...]]:
    for start in range(0, len(indices), BATCH_SIZE):
        chosen = indices[start : start + BATCH_SIZE]
        yield _stack([_pair(source.with_ground_truth(i), t) for i in chosen])
