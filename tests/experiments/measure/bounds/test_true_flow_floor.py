import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_run import run, small_config

from experiments.configs.config import resolve
from experiments.measure.bounds import floor
from experiments.measure.bounds.floor import TrueFlowCodec, encoder_name, train_and_test
from experiments.run import build
from vstm.modules.model_config import ModelConfig
from vstm.variants import VARIANTS

SMALL = ModelConfig((3,), "conv", (4,))


def test_each_cell_takes_the_motion_that_predicts_it_best():
    """Of an 8x8 frame with cells of 2x2 pixels: by a cell to the left, or not at all."""
    codec = TrueFlowCodec(SMALL)
    frame = jax.random.bernoulli(jax.random.key(0), 0.5, (1, 8, 8, 1)).astype(jnp.float32)
    target = jax.random.bernoulli(jax.random.key(1), 0.5, (1, 8, 8, 1)).astype(jnp.float32)
    motions = jnp.array([[[2.0, 0.0]]])
    params = jax.jit(codec.init)(jax.random.key(2), frame, target, motions)
    # A decoder that looks no further than the pixel, so that cells don't see each other.
    kernel = params["params"]["decoder"]["Conv2D_0"]["kernel"]
    kernel = jnp.zeros_like(kernel).at[3, 3].set(3 * kernel[3, 3])
    params["params"]["decoder"]["Conv2D_0"]["kernel"] = kernel
    apply = jax.jit(codec.apply)
    ours = np.asarray(apply(params, frame, target, motions))
    still = np.asarray(apply(params, frame, target, 0 * motions))
    moved = np.zeros_like(still)
    moved[:, :, :-2] = still[:, :, 2:]  # by a cell; outside, features are zero
    moved[:, :, -2:] = params["params"]["decoder"]["Conv2D_0"]["bias"]

    def entropy(logits):
        return np.log1p(np.exp(-np.where(target > 0.5, logits, -logits)))

    for y in range(0, 8, 2):
        for x in range(0, 8, 2):
            cell = np.s_[:, y : y + 2, x : x + 2]
            expected = min(still[cell], moved[cell], key=lambda a, c=cell: _mean(entropy, a, c))
            np.testing.assert_allclose(ours[cell], expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(ours, still) and not np.allclose(ours, moved)


def _mean(entropy, logits, cell):
    image = np.zeros((1, 8, 8, 1))
    image[cell] = logits
    return entropy(image)[cell].mean()


def test_codec_learns_and_is_scored_on_test_sequences():
    config = resolve(small_config())
    train, test = (build.moving_mnist(config, split) for split in ("train", "test"))
    untrained, trained = (
        train_and_test(SMALL, train, test, tau=2, seed=0, num_test=5, num_updates=n)
        for n in (1, 100)
    )
    for score in ("test_cross_entropy", "test_mean_squared_error"):
        assert trained[score] < 0.7 * untrained[score]
    assert (trained["encoder"], trained["updates"]) == ("enc-3", 100)
    json.dumps(trained, allow_nan=False)


def test_an_encoder_has_the_name_of_a_variants_if_its_features_are_the_same():
    names = {variant: encoder_name(network) for variant, network in VARIANTS.items()}
    assert names == {variant: variant.split("-")[1] for variant in VARIANTS}
    assert encoder_name(ModelConfig((16,))) == "enc-16"
    assert encoder_name(ModelConfig((8, 16))) == "enc-8-16"
    assert encoder_name(ModelConfig((1,))) == "enc-1"


def test_pairs_carry_the_digits_motion():
    source = build.moving_mnist(resolve(small_config()), "train")
    items = [source.with_ground_truth(i) for i in range(2)]
    batch = {name: np.stack([item[name] for item in items]) for name in ("frames", "positions")}
    for n, (frame, target, motions) in enumerate(zip(*floor._pairs(batch, np.array([2, 4])))):
        t = (2, 4)[n]
        np.testing.assert_array_equal(target, items[n]["frames"][t])
        x, y = items[n]["positions"][t, 0]
        u, v = motions[0].astype(int)
        np.testing.assert_array_equal(
            target[y : y + 28, x : x + 28], frame[y + v : y + v + 28, x + u : x + u + 28]
        )


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(floor, "train_and_test", lambda *args, **kwargs: pytest.fail("trains"))
    (tmp_path / "file").touch()
    code, _, errors = run(
        "true_flow_floor",
        "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM",
        f"--output={tmp_path}/file/floor.json",
    )
    assert code == 2
    assert f"{tmp_path}/file: cannot be written (File exists)" in errors


def test_other_losses_have_no_floor(tmp_path):
    output = tmp_path / "floor.json"
    code, _, errors = run(
        "true_flow_floor",
        "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM",
        "--config.loss=sum",
        f"--output={output}",
    )
    assert code == 2
    assert "config.loss=sum: expected moving_mnist and bce" in errors
    assert not output.exists()
