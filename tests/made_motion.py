"""A texture that moves as a whole."""

import jax.numpy as jnp
import numpy as np


def waves(x, y):
    """A texture without a beginning, of wavelengths from 13 to 40 pixels."""
    return (
        0.5
        + 0.15 * np.sin(2 * np.pi * (x / 17 + y / 40))
        + 0.15 * np.sin(2 * np.pi * (x / 31 - y / 13))
    )


def moving(num_frames, velocity, size=(48, 64)):
    """Frames [T, H, W, 1] of the waves, whose backward flow is `velocity` everywhere."""
    y, x = np.mgrid[: size[0], : size[1]]
    u, v = velocity
    frames = [waves(x + t * u, y + t * v)[..., None] for t in range(num_frames)]
    return jnp.asarray(np.stack(frames), jnp.float32)
