"""The training step: one pure function from a state and a batch to the next state and metrics."""

from collections.abc import Callable
from functools import partial

import flax.struct
import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Float

from vstm.losses import (
    LOSSES,
    copy_weight,
    edge_aware_roughness,
    flow_density,
    photometric_error,
)
from vstm.model import Autoencoder
from vstm.modules.flow_head import clamped_share
from vstm.ops.smoothness import flow_roughness, penalise_roughness
from vstm.rollout import roll_out
from vstm.training.batch import mean_over_parts, random_windows

Metrics = dict[str, jax.Array]


@flax.struct.dataclass
class TrainState:
    """Training state: everything an update reads or writes except the data.

    Attributes:
      step: number of updates made, int32 scalar.
      params: the model's parameters.
      opt_state: the optimiser's state.
      key: the run's random key; update n draws from `fold_in(key, n)`.
    """

    step: jax.Array
    params: optax.Params
    opt_state: optax.OptState
    key: jax.Array


TrainStep = Callable[[TrainState, jax.Array], tuple[TrainState, Metrics]]


def init_state(
    model: Autoencoder,
    tx: optax.GradientTransformation,
    key: jax.Array,
    frame_shape: tuple[int, int, int],
) -> TrainState:
    """Initial training state: drawn parameters and an empty optimiser state.

    Args:
      model: the autoencoder.
      tx: the optimiser.
      key: random key of the run, a scalar.
      frame_shape: (H, W, C) of a frame.

    Returns:
      State before the first update.
    """
    params_key, key = jax.random.split(key)
    # Under jit, only the initialisers run, not the forward pass that init traces.
    params = jax.jit(model.init)(params_key, jnp.zeros((1, 1, *frame_shape)))["params"]
    return TrainState(
        step=jnp.zeros((), jnp.int32), params=params, opt_state=tx.init(params), key=key
    )


def make_train_step(
    model: Autoencoder,
    tx: optax.GradientTransformation,
    *,
    loss: str,
    tau: int,
    num_targets: int = 1,
    frames_ahead: int = 1,
    smoothness_delta: float = 1e-3,
    smoothness_weight: float = 1e-2,
    sparsity_weight: float = 0.0,
    edge_aware_weight: float = 0.0,
    photometric_weight: optax.ScalarOrSchedule = 0.0,
    photometric_penalty: str = "squared",
    exclude_occluded: bool = False,
    relative: bool = False,
    parts: int = 1,
    axis: str | None = None,
    mesh: Mesh | None = None,
) -> TrainStep:
    """The update as a pure function, to be jitted with `compiler_options` and the state donated.

    Args:
      model: the autoencoder.
      tx: the optimiser.
      loss: a key of `vstm.losses.LOSSES`, for what the model's output is.
      tau: number of frames fed in.
      num_targets: frames that are predicted, each from those before it: the last ones of the
        tau + 1. 1 is the paper's; of more, every step of the memory learns from its own.
      frames_ahead: frames that are predicted after the last input, of which all but the first
        follow from predictions, see `vstm.rollout`. 1 is the paper's.
      smoothness_delta: delta of the Huber penalty H, pixels of flow a feature pixel.
      smoothness_weight: w_H, weight of the penalty in the gradient.
      sparsity_weight: weight of the flow's mean absolute value in the loss.
      edge_aware_weight: weight of `edge_aware_roughness` in the loss.
      photometric_weight: weight of `photometric_error` in the loss, or its schedule by update.
      photometric_penalty: see `photometric_error`.
      exclude_occluded: see `photometric_error`.
      relative: whether each sequence counts by its `copy_weight`, in the reconstruction and in the
        photometric error.
      parts: of a batch, whose gradients are formed one after the other and averaged, to save
        memory; divides B.
      axis: mapped axis over which batches are split, see `vstm.training.sharding`; gradients and
        metrics are averaged over it. None where batches are whole.
      mesh: devices, over whose `axis` the gradients alone are mapped; what the optimiser does with
        them is then the compiler's to share out. None where the whole update is mapped.

    Returns:
      (state, frames [B, T, H, W, C]) -> (state, metrics), with T >= tau + frames_ahead. Metrics are
      scalars: each term of the loss; `photometric` and `edge_aware`, where they have a weight;
      `smoothness`, the penalty H; `sparsity`, the flow's mean absolute value; `loss`, the
      terms' sum with all of these by their weights; `gradient_norm` before clipping;
      `flow_magnitude`, mean length in feature pixels; `flow_clamped`, the share of flow
      elements at the clamp; `update_norm`, the length of the step in the parameters;
      `skipped`, 1 where one of `loss`, `gradient_norm` and `update_norm` is not finite, else
      0. A skipped update leaves all of the state as it was but `step`, which counts it.

    Raises:
      ValueError: unknown loss, or one for another output than the model's; numbers of frames that
        are out of range. The update raises it for frames that are too few, or a batch that `parts`
        does not divide.

    Source: section 4, eq. 5.
    """
    if not 1 <= num_targets <= tau:
        raise ValueError(f"num_targets={num_targets}: expected 1 to tau={tau}")
    if frames_ahead < 1:
        raise ValueError(f"frames_ahead={frames_ahead}: expected 1 or more")
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}; known: {', '.join(LOSSES)}")
    if LOSSES[loss].output != model.config.output:
        raise ValueError(
            f"loss {loss!r} takes a model whose output is {LOSSES[loss].output!r}; this one's is "
            f"{model.config.output!r}"
        )
    num_predicted = num_targets + frames_ahead - 1

    def penalise(flows):
        share = len(flows) / num_predicted  # the penalty is a mean, of all flows together
        return penalise_roughness(flows, delta=smoothness_delta, weight=share * smoothness_weight)

    def objective(params, window, step):
        first, targets = tau - num_targets, window[:, tau + 1 - num_targets :]
        output = roll_out(
            model,
            params,
            window[:, :tau],
            num_frames=frames_ahead,
            num_predictions=num_targets,
            penalise=penalise,
        )
        last = jax.lax.stop_gradient(output.inputs)
        by_copy = jnp.ones((len(window), 1, 1, 1, 1))
        if relative:
            by_copy = copy_weight(window[:, first : first + num_predicted], targets)
        terms = LOSSES[loss].terms(output.predictions, targets, by_copy)
        # The smoothness penalty injects its gradient; its value is only reported below.
        total = sum(terms.values())
        if sparsity_weight:
            total += sparsity_weight * flow_density(output.flows)
        if edge_aware_weight:
            terms["edge_aware"] = edge_aware_roughness(output.flows, last)
            total += edge_aware_weight * terms["edge_aware"]
        if photometric_weight:
            moved = map(_merge_steps, (last, targets, model.enlarge(output.flows)))
            error = photometric_error(
                *moved,
                penalty=photometric_penalty,
                weight=jnp.repeat(by_copy[:, 0], num_predicted, axis=0),
                exclude_occluded=exclude_occluded,
            )
            weight = photometric_weight
            total += (weight(step) if callable(weight) else weight) * error
            terms["photometric"] = error
        flows, smoothness = output.flows, flow_roughness(output.flows, delta=smoothness_delta)
        return total, terms | {
            "smoothness": smoothness,
            "sparsity": flow_density(flows),
            "loss": total + smoothness_weight * smoothness,
            "flow_magnitude": jnp.mean(jnp.linalg.norm(flows, axis=-1)),
            "flow_clamped": clamped_share(flows, model.config.map_size),
        }

    def train_step(state, frames):
        with jax.default_matmul_precision(model.precision):
            return update(state, frames)

    def mean_gradients(params, step, key, frames):
        windows = random_windows(jax.random.fold_in(key, step), frames, tau + frames_ahead, axis)
        gradient = jax.grad(objective, has_aux=True)
        both = mean_over_parts(lambda part: gradient(params, part, step), windows, parts)
        return both if axis is None else jax.lax.pmean(both, axis)

    if mesh is not None:
        whole = PartitionSpec()
        mean_gradients = jax.shard_map(
            mean_gradients,
            mesh=mesh,
            in_specs=(whole, whole, whole, PartitionSpec(axis)),
            out_specs=whole,
            check_vma=False,
        )

    def update(state, frames):
        grads, metrics = mean_gradients(state.params, state.step, state.key, frames)
        updates, opt_state = tx.update(grads, state.opt_state, state.params)
        metrics |= {
            "gradient_norm": optax.tree.norm(grads),
            "update_norm": optax.tree.norm(updates),
        }
        deciding = [metrics[name] for name in ("loss", "gradient_norm", "update_norm")]
        finite = jnp.isfinite(jnp.stack(deciding)).all()
        metrics["skipped"] = 1.0 - finite

        def kept(new, old):
            return jax.tree.map(partial(jnp.where, finite), new, old)

        state = TrainState(
            step=state.step + 1,
            params=kept(optax.apply_updates(state.params, updates), state.params),
            opt_state=kept(opt_state, state.opt_state),
            key=state.key,
        )
        return state, metrics

    return train_step


def _merge_steps(sequences: Float[Array, "b n *rest"]) -> Float[Array, "bn *rest"]:
    return sequences.reshape(-1, *sequences.shape[2:])
