import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from vstm.convolution import conv2d

pytestmark = pytest.mark.usefixtures("strict_promotion")


def conv2d_loops(inputs, kernel):
    height, width, _ = inputs.shape
    rows, columns, _, features = kernel.shape
    outputs = np.zeros((height, width, features))
    for p in range(height):
        for q in range(width):
            for k in range(rows):
                for m in range(columns):
                    y, x = p + k - (rows - 1) // 2, q + m - (columns - 1) // 2
                    if 0 <= y < height and 0 <= x < width:
                        outputs[p, q] += inputs[y, x] @ kernel[k, m]
    return outputs


SHAPES = [
    ((5, 7), (3, 3)),
    ((6, 4), (7, 7)),
    ((3, 3), (5, 1)),
    ((4, 6), (2, 4)),
    ((8, 5), (15, 15)),
]


@pytest.mark.parametrize("size, kernel_size", SHAPES)
def test_values_equal_loops(size, kernel_size, x64):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(*size, 3))
    kernel = generator.normal(size=(*kernel_size, 3, 2))
    outputs = conv2d(jnp.asarray(inputs), jnp.asarray(kernel))
    np.testing.assert_allclose(outputs, conv2d_loops(inputs, kernel), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size, kernel_size", SHAPES)
def test_gradients_equal_finite_differences(size, kernel_size, x64):
    generator = np.random.default_rng(1)
    inputs = jnp.asarray(generator.normal(size=(2, *size, 3)))
    kernel = jnp.asarray(generator.normal(size=(*kernel_size, 3, 2)))
    check_grads(jax.jit(conv2d), (inputs, kernel), order=1, modes=["rev"])


def test_leading_axes_are_a_batch():
    key = jax.random.key(0)
    inputs = jax.random.normal(key, (2, 3, 6, 5, 4))
    kernel = jax.random.normal(key, (3, 3, 4, 2))
    one_by_one = jnp.stack([jnp.stack([conv2d(x, kernel) for x in row]) for row in inputs])
    np.testing.assert_allclose(conv2d(inputs, kernel), one_by_one, rtol=1e-5, atol=1e-5)
