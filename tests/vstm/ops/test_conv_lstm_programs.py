"""What the scans of the memory's gradient carry, and what they are given, as programs."""

import jax
import jax.numpy as jnp
import pytest
from made_conv_lstm import random_arguments, with_each_convolution

from vstm.ops.conv_lstm import concatenated_kernel, conv_lstm_scan

pytestmark = pytest.mark.usefixtures("strict_promotion")


def recurrent_scans(convolution, arguments):
    """The forward and the backward scan of a gradient, as equations."""

    def loss(params, carry, frames):
        (_, h), _ = conv_lstm_scan(params, carry, frames, convolution)
        return jnp.sum(h)

    jaxpr = jax.make_jaxpr(jax.grad(loss))(*arguments).jaxpr
    state_shape = jax.eval_shape(convolution.arrange, arguments[1][0]).shape
    forward, backward = (
        equation
        for equation in _all_equations(jaxpr)
        if equation.primitive.name == "scan"
        and state_shape in {result.aval.shape for result in equation.outvars}
    )
    return forward, backward


def shapes_not_scanned(outside, inside):
    """Shapes of a scan's inputs or outputs that each step sees as a whole: constants or carries."""
    pairs = [(a.aval.shape, b.aval.shape) for a, b in zip(outside, inside, strict=True)]
    return [shape for shape, in_step in pairs if shape == in_step]


@with_each_convolution
def test_no_weight_gradient_is_accumulated_in_the_backward_scan(convolution):
    params, carry, frames = random_arguments(5)
    kernel = jax.eval_shape(concatenated_kernel, params)
    prepared = [
        jax.eval_shape(prepare, kernel)
        for prepare in (convolution.prepare, convolution.prepare_transposed)
    ]
    weights = jax.tree.leaves((params, kernel, prepared))
    state_shape = jax.eval_shape(convolution.arrange, carry[0]).shape
    for scan in recurrent_scans(convolution, (params, carry, frames)):
        shapes = [result.aval.shape for result in scan.outvars]
        carried = shapes_not_scanned(scan.outvars, scan.params["jaxpr"].jaxpr.outvars)
        assert carried == [state_shape] * 2
        assert not {s for shape in shapes for s in (shape, shape[1:])} & {w.shape for w in weights}


@with_each_convolution
def test_scans_take_weights_that_were_prepared_before(convolution):
    params, carry, frames = random_arguments(5)
    kernel = jax.eval_shape(concatenated_kernel, params)
    for scan, prepare in zip(
        recurrent_scans(convolution, (params, carry, frames)),
        (convolution.prepare, convolution.prepare_transposed),
        strict=True,
    ):
        whole = shapes_not_scanned(scan.invars, scan.params["jaxpr"].jaxpr.invars)
        prepared = jax.tree.leaves(jax.eval_shape(prepare, kernel))
        assert {weights.shape for weights in prepared} <= set(whole)


def _all_equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    yield from _all_equations(inner)
