"""Textures with the statistics of natural images, periodic.

Source: dead leaves of power-law sizes, Ruderman 1997, Lee, Mumford and Huang 2001; spectra that
fall with the square of the frequency, Field 1987.
"""

import jax
import jax.numpy as jnp

_SLOPES = 1.6, 2.6  # of the noise's power spectrum, least and most


def draw_texture(
    key: jax.Array,
    side: int,
    density: float,
    blur: jax.Array,
    num_leaves: int,
    radii: tuple[float, float],
) -> jax.Array:
    """A pattern [side, side] of mean 0 and standard deviation 1, or 0 everywhere.

    Noise, dead leaves, or a mixture.

    Args:
      key: of random numbers.
      side: texels.
      density: texels a pixel.
      blur: standard deviation of a Gaussian that it is blurred with, pixels.
      num_leaves: at most.
      radii: of leaves, the least and the most, pixels.
    """
    keys = jax.random.split(key, 4)
    white = jax.random.uniform(keys[0], (side, side)) - 0.5
    slope = jax.random.uniform(keys[1], minval=_SLOPES[0], maxval=_SLOPES[1])
    frequency = _frequencies(side, density)
    fall = jnp.where(frequency > 0, jnp.maximum(frequency, density / side) ** (-slope / 2), 0)
    noise = jnp.fft.rfft2(white) * fall / jnp.sqrt(jnp.mean(fall**2) / 12)
    leaves = _standardised(_paint_leaves(keys[2], side, density, num_leaves, radii))
    share = jnp.clip(1.5 * jax.random.uniform(keys[3]) - 0.25, 0, 1)
    return blurred((1 - share) * noise + share * jnp.fft.rfft2(leaves), side, density, blur)


def blurred(spectrum: jax.Array, side: int, density: float, blur: jax.Array) -> jax.Array:
    """A pattern of a spectrum [side, side // 2 + 1], as `draw_texture`'s."""
    gaussian = jnp.exp(-2 * (jnp.pi * blur * _frequencies(side, density)) ** 2)
    return _standardised(jnp.fft.irfft2(spectrum * gaussian, (side, side)))


def _paint_leaves(key, side, density, num_leaves, radii):
    """Discs and rectangles, each of one intensity, over each other: [side, side]."""
    where, shape, count = jax.random.split(key, 3)
    length = side / density
    radius = _power_law(jax.random.uniform(shape, (num_leaves,)), *radii)
    drawn = jax.random.uniform(where, (6, num_leaves))
    x, y, turn, aspect, box, intensity = drawn
    stretch = jnp.exp2(2 * (aspect - 0.5))
    direction = jnp.exp(1j * jnp.pi * turn) / radius
    share = jax.random.uniform(count, minval=0.1, maxval=1.0)
    present = jnp.arange(num_leaves) < share * num_leaves
    place = (jnp.arange(side) / density).astype(jnp.float32)

    def paint(picture, leaf):
        x, y, cosine, sine, stretch, box, intensity, present = leaf
        dx, dy = place[None, :] - x, place[:, None] - y
        dx, dy = (d - length * jnp.round(d / length) for d in (dx, dy))
        u = (cosine * dx + sine * dy) * stretch
        v = (cosine * dy - sine * dx) / stretch
        u, v = u * u, v * v
        distance = jnp.where(box, jnp.maximum(u, v), u + v)
        return jnp.where((distance < 1) & present, intensity, picture), None

    leaves = (
        length * x,
        length * y,
        direction.real,
        direction.imag,
        stretch,
        box < 0.4,
        intensity,
        present,
    )
    picture = jnp.full((side, side), 0.5)
    return jax.lax.scan(paint, picture, leaves)[0]


def _power_law(uniform, least, most):
    """Numbers in [least, most] with density proportional to the reciprocal cube."""
    return least / jnp.sqrt(1 - uniform * (1 - (least / most) ** 2))


def _frequencies(side, density):
    """Cycles a pixel, [side, side // 2 + 1], of the spectra of `rfft2`."""
    y, x = jnp.fft.fftfreq(side, 1 / density), jnp.fft.rfftfreq(side, 1 / density)
    return jnp.hypot(y[:, None], x[None, :])


def _standardised(pattern):
    pattern = pattern - pattern.mean()
    return pattern / jnp.maximum(jnp.sqrt(jnp.mean(pattern**2)), 1e-6)


def crop_texture(
    key: jax.Array, images: jax.Array, side: int, density: float, blur: jax.Array
) -> jax.Array:
    """A crop [side, side] of one of some images, uint8 [N, B, B], as `draw_texture`'s."""
    which, where, mirrored = jax.random.split(key, 3)
    number = jax.random.randint(which, (), 0, len(images))
    corner = jax.random.randint(where, (2,), 0, images.shape[1] - side + 1)
    crop = jax.lax.dynamic_slice(images, (number, *corner), (1, side, side))[0] / 255
    crop = jnp.where(jax.random.bernoulli(mirrored), crop[:, ::-1], crop)
    return blurred(jnp.fft.rfft2(crop), side, density, blur)
