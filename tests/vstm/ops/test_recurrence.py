from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from vstm.ops.recurrence import Gates, gated_scan, scan_steps

pytestmark = pytest.mark.usefixtures("strict_promotion")

TAU, BATCH, INPUTS, UNITS = 4, 3, 2, 5


@dataclass(frozen=True)
class DenseGates:
    """z = w_x x + w_h h on rows x, h: only `prepare` transposes the weights."""

    def prepare(self, weights):
        return tuple(w.T for w in weights)

    def __call__(self, inputs, h, prepared):
        return inputs @ prepared[0] + h @ prepared[1]

    def prepare_transposed(self, weights):
        return weights

    def pull(self, d_gates, transposed):
        return d_gates @ transposed[0], d_gates @ transposed[1]

    def weight_gradient(self, inputs, h, d_gates):
        return tuple(jnp.einsum("tbj,tbi->ji", d_gates, maps) for maps in (inputs, h))


def update(gates, c, peepholes):
    candidate, o = jnp.split(gates, 2, axis=-1)
    p, q = (1.0, 0.5) if peepholes is None else peepholes
    c = jnp.sin(candidate + p * c)
    return c, jnp.tanh(o + q * c)


def random_arguments(seed, with_peepholes):
    generator = np.random.default_rng(seed)

    def normal(*shape):
        return jnp.asarray(generator.normal(size=shape))

    weights = 0.4 * normal(2 * UNITS, INPUTS), 0.4 * normal(2 * UNITS, UNITS)
    peepholes = (normal(UNITS), normal(UNITS)) if with_peepholes else None
    carry = normal(BATCH, UNITS), normal(BATCH, UNITS)
    return weights, peepholes, normal(TAU, BATCH, INPUTS), carry


@jax.jit
def loop(weights, peepholes, inputs, carry):
    c, h = carry
    outputs, sums, cells = [], [], []
    for x in inputs:
        cells.append(c)
        sums.append(x @ weights[0].T + h @ weights[1].T)
        c, h = update(sums[-1], c, peepholes)
        outputs.append(h)
    return (c, h), tuple(map(jnp.stack, (outputs, sums, cells)))


def scan(*arguments, unroll=1):
    return gated_scan(DenseGates(), update, *arguments, unroll)


def assert_trees_close(ours, expected):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12), ours, expected
    )


with_and_without_peepholes = pytest.mark.parametrize("with_peepholes", [False, True])


def test_dense_gates_are_gates():
    assert isinstance(DenseGates(), Gates)


@pytest.mark.parametrize("jit", [False, True])
@with_and_without_peepholes
def test_scan_equals_loop(with_peepholes, jit, x64):
    arguments = random_arguments(0, with_peepholes)
    last, (outputs, _, _) = loop(*arguments)
    assert_trees_close((jax.jit(scan) if jit else scan)(*arguments), (last, outputs))


# 1 is what the other tests have; 2 does not divide the number of steps, or leaves none.
@pytest.mark.parametrize("unroll", [2, 100])
def test_unrolled_scan_and_its_gradients_are_the_same(unroll, x64):
    arguments = random_arguments(6, with_peepholes=True)

    def value_and_gradients(unroll):
        def total(*arguments):
            last, outputs = scan(*arguments, unroll=unroll)
            return sum(jnp.sum(jnp.sin(leaf)) for leaf in (*last, outputs))

        return jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2, 3)))(*arguments)

    assert_trees_close(value_and_gradients(unroll), value_and_gradients(1))


@with_and_without_peepholes
def test_steps_with_prepared_weights_equal_loop(with_peepholes, x64):
    weights, *others = random_arguments(1, with_peepholes)
    scan_prepared = jax.jit(partial(scan_steps, DenseGates(), update, unroll=1))
    ours = scan_prepared(DenseGates().prepare(weights), *others)
    assert_trees_close(ours, loop(weights, *others))


@with_and_without_peepholes
def test_gradients_equal_those_of_loop(with_peepholes, x64):
    arguments = random_arguments(2, with_peepholes)
    generator = np.random.default_rng(3)
    shapes = jax.eval_shape(scan, *arguments)
    cotangents = jax.tree.map(lambda a: generator.normal(size=a.shape), shapes)

    def loop_without_sums(*arguments):
        last, (outputs, _, _) = loop(*arguments)
        return last, outputs

    ours, expected = (
        jax.jit(lambda cotangents, f=f: jax.vjp(f, *arguments)[1](cotangents))(cotangents)
        for f in (scan, loop_without_sums)
    )
    assert_trees_close(ours, expected)


@with_and_without_peepholes
def test_gradients_equal_finite_differences(with_peepholes, x64):
    check_grads(jax.jit(scan), random_arguments(4, with_peepholes), order=1, modes=["rev"])


def test_one_step_uses_the_initial_state(x64):
    weights, peepholes, inputs, carry = random_arguments(5, with_peepholes=True)
    arguments = weights, peepholes, inputs[:1], carry
    last, (outputs, _, _) = loop(*arguments)
    assert_trees_close(jax.jit(scan)(*arguments), (last, outputs))
