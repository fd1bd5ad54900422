"""Optimisers and learning-rate schedules: the paper's and a current one."""

from collections.abc import Mapping
from typing import Any

import jax
import optax
from optax.contrib import MuonDimensionNumbers, muon

OPTIMIZERS = ("muon", "adam", "rmsprop")
SCHEDULES = ("cosine", "trapezoid", "halving")
HALVING_EPOCHS = 100
WARMUP_SHARE = 0.05
LONGEST_WARMUP = 150  # updates, of a trapezoid
DECAY_SHARE = 0.2
NUM_GATES = 4  # of a ConvLSTM, whose kernels lie side by side
MUON_RMS = 0.2  # root mean square of Muon's updates, as of Adam's


def learning_rate_schedule(
    kind: str, learning_rate: float, *, num_steps: int, steps_per_epoch: float
) -> optax.Schedule:
    """Learning rate as a function of the number of updates made.

    `halving`: learning_rate * (1/2)^(epoch / 100), epoch = step / steps_per_epoch, continuous.
    `cosine`: linear over the first 5 % of num_steps, then half a cosine down to 0; neither the
    first nor the last update has rate 0.
    `trapezoid`: linear over the first 5 % of num_steps, at most 150, then constant, then linear
    down to 0 over the last fifth. Runs of any length have the constant part in common, so a run of
    a fraction of the length is the long one's checkpoint and a decay.

    Args:
      kind: which of the three.
      learning_rate: initial (`halving`) or highest rate, > 0.
      num_steps: updates of the whole run.
      steps_per_epoch: updates a pass over the training sequences.

    Returns:
      The schedule: the number of updates made, a scalar, to the rate.

    Raises:
      ValueError: another kind.

    Source: section 4 (`halving`; continuous is a choice); `cosine`: Loshchilov and Hutter 2017;
    `trapezoid`: Haegele et al. 2024.
    """
    if kind == "halving":
        return optax.exponential_decay(learning_rate, HALVING_EPOCHS * steps_per_epoch, 0.5)
    warmup_steps = max(1, round(WARMUP_SHARE * num_steps))
    if kind == "cosine":
        decay = optax.cosine_decay_schedule(learning_rate, max(1, num_steps - warmup_steps))
        return _after_warmup(decay, learning_rate, warmup_steps)
    if kind == "trapezoid":
        warmup_steps = min(warmup_steps, LONGEST_WARMUP)
        decay_steps = max(1, round(DECAY_SHARE * num_steps))
        constant_steps = max(0, num_steps - warmup_steps - decay_steps)
        decay = optax.linear_schedule(learning_rate, 0.0, decay_steps, constant_steps)
        return _after_warmup(decay, learning_rate, warmup_steps)
    raise ValueError(f"unknown schedule {kind!r}; known: {', '.join(SCHEDULES)}")


def _after_warmup(
    schedule: optax.Schedule, learning_rate: float, warmup_steps: int
) -> optax.Schedule:
    warmup = optax.linear_schedule(learning_rate / (warmup_steps + 1), learning_rate, warmup_steps)
    return optax.join_schedules([warmup, schedule], [warmup_steps])


def make_optimizer(
    kind: str,
    schedule: optax.Schedule,
    *,
    clip_elements: float,
    clip_global_norm: float,
    module_rates: Mapping[str, float] | None = None,
) -> optax.GradientTransformation:
    """Gradient clipping followed by an optimiser.

    Args:
      kind: `rmsprop` (rho 0.9, eps 1e-5, added to the root, as Torch does), `adam` (b1 0.9,
        b2 0.999, eps 1e-8) or `muon`: the updates of convolution kernels, read as matrices
        [k l i, o] (the memory's, one per gate), made orthogonal and scaled to the root mean square
        of Adam's (Newton-Schulz, 5 iterations; Nesterov momentum 0.95); for all else, Adam with
        Nesterov momentum.
      schedule: learning rate by update.
      clip_elements: gradient elements are clipped to [-x, x]; 0 for no such clipping.
      clip_global_norm: gradients of larger global norm are scaled to it; 0 for no such scaling.
      module_rates: factors on the learning rate by module, a key of the parameters' top level; 1
        where a module is not named. The flow head's and the memory's convolutions add up thousands
        of inputs; optimisers that give every weight a step of the same size move the flow by whole
        pixels per update, into the clamp, where its gradient is zero, and saturate the gates.

    Returns:
      The optax transformation.

    Raises:
      ValueError: another kind; at the first update, a rate for a module that isn't there.

    Source: section 4 (`rmsprop`, Graves 2013 for the clipping); `adam`: Kingma and Ba 2015; `muon`:
    Jordan et al. 2024, its scale Liu et al. 2025, the rest Dozat 2016.
    """
    if kind == "rmsprop":
        optimizer = optax.rmsprop(schedule, decay=0.9, eps=1e-5, eps_in_sqrt=False)
    elif kind == "adam":
        optimizer = optax.adam(schedule)
    elif kind == "muon":
        optimizer = _by_gate(
            muon(
                schedule,
                consistent_rms=MUON_RMS,
                muon_weight_dimension_numbers=_convolution_kernels,
            )
        )
    else:
        raise ValueError(f"unknown optimizer {kind!r}; known: {', '.join(OPTIMIZERS)}")
    clipping = []
    if clip_elements:
        clipping.append(optax.clip(clip_elements))
    if clip_global_norm:
        clipping.append(optax.clip_by_global_norm(clip_global_norm))
    return optax.chain(*clipping, optimizer, _scale_modules(module_rates or {}))


def _convolution_kernels(params: Any) -> Any:
    """Which axes of each parameter are a matrix's rows and columns; None where Muon has no say."""

    def axes(array: jax.Array) -> MuonDimensionNumbers | None:
        if array.ndim < 4:
            return None
        return MuonDimensionNumbers(reduction_axis=(0, 1, 2), output_axis=array.ndim - 1)

    return jax.tree.map(axes, params)


def _by_gate(inner: optax.GradientTransformation) -> optax.GradientTransformation:
    """A transformation that sees the memory's convolution kernels as [k, l, i, gate, o]."""

    def split(tree: Any) -> Any:
        def gates(array: jax.Array) -> jax.Array:
            return array.reshape(*array.shape[:3], NUM_GATES, -1) if array.ndim == 4 else array

        return tree | {"memory": jax.tree.map(gates, tree["memory"])}

    def init(params):
        return inner.init(split(params))

    def update(updates, state, params=None):
        transformed, state = inner.update(split(updates), state, split(params))
        reshaped = jax.tree.map(lambda new, old: new.reshape(old.shape), transformed, updates)
        return reshaped, state

    return optax.GradientTransformation(init, update)


def _scale_modules(rates: Mapping[str, float]) -> optax.GradientTransformation:
    def scale(updates, params=None):
        del params
        if unknown := set(rates) - set(updates):
            raise ValueError(f"no module {unknown}; the parameters have {', '.join(updates)}")
        return {
            module: optax.tree.scale(rates.get(module, 1.0), update)
            for module, update in updates.items()
        }

    return optax.stateless(scale)
