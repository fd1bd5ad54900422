import jax.numpy as jnp
import numpy as np

from vstm.metrics.flow import angular_error, endpoint_error


def test_errors_of_known_vectors():
    flow = jnp.array([[[3.0, 4.0], [0.0, 0.0], [1.0, 0.0], [2.0, -1.0]]])
    truth = jnp.array([[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [2.0, -1.0]]])
    np.testing.assert_allclose(endpoint_error(flow, truth), [[5, 0, 1, 0]])
    # the angle of (3, 4, 1) to the axis has tangent 5, that of (1, 0, 1) tangent 1
    expected = [[np.degrees(np.arctan(5)), 0, 45, 0]]
    np.testing.assert_allclose(angular_error(flow, truth), expected, rtol=1e-5, atol=1e-4)


def test_angular_error_is_the_arc_cosine_of_unit_vectors():
    generator = np.random.default_rng(0)
    flow, truth = generator.normal(size=(2, 3, 5, 6, 2)).astype(np.float32)
    a, b = (np.concatenate([x, np.ones_like(x[..., :1])], -1) for x in (flow, truth))
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    ours = angular_error(jnp.asarray(flow), jnp.asarray(truth))
    np.testing.assert_allclose(ours, np.degrees(np.arccos(cosine)), rtol=1e-3)
