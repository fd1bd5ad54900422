"""How a camera and objects move, and what of their motion is seen in the image.

A point of the image is a complex number x = x + iy, pixels from the image's centre, x right and y
down. At frame t the camera sees the world's point X, and an object has its own point q there,

    X = p[t] + g[t] x,    X = c[t] + h[t] q,

where |g| is the reciprocal of the camera's zoom, |h| the object's size and their angles are
rotations. The background is an object that stays as it is, c = 0 and h = 1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

_SLOWEST = 1 / 60  # of the top speed; speeds are drawn log-uniformly
_MAX_ROTATION, _MAX_ZOOM = 0.1, 0.02  # of objects; radians, natural logarithms a frame
_CAMERA_SHARE = 0.25  # of these, that the camera turns and zooms by at most
_TURNING, _ZOOMING, _SHAKING, _STILL = 0.5, 0.35, 0.3, 0.25  # shares of what moves
_MAX_SHAKE = 0.3  # of the camera's speed
_MAX_ACCELERATION = 0.7  # change of the velocity in a sequence, of the mean one


class Pose(NamedTuple):
    """Where a layer of the image is, in each of T frames: q = scale x + offset.

    Attributes:
      scale: complex [T], with the layer's rotation.
      offset: complex [T], pixels of the layer.
    """

    scale: jax.Array
    offset: jax.Array

    def backward_flow(self, x: jax.Array) -> jax.Array:
        """Of the points x, complex [...], of each next frame: complex [T - 1, ...], pixels."""
        scale, offset = (jnp.expand_dims(a, range(1, 1 + x.ndim)) for a in self)
        return (scale[1:] / scale[:-1] - 1) * x + (offset[1:] - offset[:-1]) / scale[:-1]


class Camera(NamedTuple):
    """A camera's path.

    Attributes:
      position: p, complex [T], pixels of the world.
      scale: g, complex [T].
      speed: the longest backward flow of the background inside the image, pixels, or more.
    """

    position: jax.Array
    scale: jax.Array
    speed: jax.Array

    def background(self) -> Pose:
        """The pose of what never moves in the world."""
        return Pose(self.scale, self.position)


def draw_camera(
    key: jax.Array, still: jax.Array, max_speed: jax.Array, radius: float, num_frames: int
) -> Camera:
    """A camera that stays, or pans, turns, zooms and shakes.

    Args:
      key: of random numbers.
      still: whether it stays.
      max_speed: of the background inside the image, pixels a frame.
      radius: from the image's centre to its corners, pixels.
      num_frames: T, at least 2.
    """
    steps, turns = _draw_motion(key, still, max_speed, radius, num_frames, _CAMERA_SHARE, _SHAKING)
    scale = _path(turns, 0)
    scale = jnp.exp(scale)
    position = _path(scale[:-1] * steps, 0)
    return Camera(position, scale, _bound(steps, turns, radius).max())


def draw_object(
    key: jax.Array,
    still: jax.Array,
    max_speed: jax.Array,
    radius: jax.Array,
    camera: Camera,
    size: int,
) -> Pose:
    """The pose of an object that stays, or moves steadily in the world, and is seen at some time.

    Args:
      key: of random numbers.
      still: whether it stays; besides, some objects do.
      max_speed: in the image, with what the camera adds, pixels a frame.
      radius: of the circle around the object's origin that holds it, pixels.
      camera: that sees it.
      size: of the image, pixels.
    """
    num_frames = len(camera.scale)
    key, place, time, stays = jax.random.split(key, 4)
    still |= jax.random.bernoulli(stays, _STILL)
    # Backward, X[t] - X[t + 1] = step + (exp(turn) - 1)(X[t + 1] - c[t + 1]); the image shows it
    # 1 / |g| as long.
    zoom = 1 / jnp.abs(camera.scale).min()
    speed = jnp.maximum(max_speed - camera.speed, 0) / zoom
    largest = jnp.exp(_MAX_ZOOM * num_frames)
    steps, turns = _draw_motion(key, still, speed, radius * largest, num_frames, 1.0, 0.0)
    seen = jax.random.randint(time, (), 0, num_frames)
    x = jax.lax.complex(*(size * (jax.random.uniform(place, (2,)) - 0.5)))
    shape = jnp.exp(-_path(turns, seen))
    path = -_path(steps, seen)
    centre = path + camera.position[seen] + camera.scale[seen] * x
    return Pose(camera.scale / shape, (camera.position - centre) / shape)


def _draw_motion(key, still, max_speed, radius, num_frames, turning, shaking):
    """Steps and turns, complex [T - 1], whose `_bound` is `max_speed` at most."""
    keys = jax.random.split(key, 7)
    speed = max_speed * _SLOWEST ** jax.random.uniform(keys[0])
    time = jnp.linspace(-0.5, 0.5, num_frames - 1)
    direction, change = jnp.exp(2j * jnp.pi * jax.random.uniform(keys[1], (2,)))
    change *= _MAX_ACCELERATION * jax.random.uniform(keys[2])
    steps = direction * (1 + change * time)
    shake = jax.random.normal(keys[3], (num_frames, 2)) * _MAX_SHAKE
    shake *= (jax.random.uniform(keys[4]) ** 2) * jax.random.bernoulli(keys[5], shaking)
    steps += jax.lax.complex(*jnp.diff(shake, axis=0).T)
    chosen = jax.random.uniform(keys[6], (5,))
    rates = jnp.array([_MAX_ZOOM, _MAX_ROTATION]) * turning * (2 * chosen[:2] - 1) ** 3
    rates *= chosen[2:4] < jnp.array([_ZOOMING, _TURNING])
    turns = jnp.full(num_frames - 1, jax.lax.complex(*rates))
    # Some only turn and zoom.
    steps *= speed * jnp.where(chosen[4] < 0.1, 0.0, 1.0)
    factor = jnp.minimum(1, max_speed / jnp.maximum(_bound(steps, turns, radius).max(), 1e-6))
    factor *= ~still
    return factor * steps, factor * turns


def _bound(steps: jax.Array, turns: jax.Array, radius: jax.Array) -> jax.Array:
    """At least |step + (exp(turn) - 1) x| for |x| <= radius: convex, so a share of it is less."""
    return jnp.abs(steps) + jnp.expm1(jnp.abs(turns)) * radius


def _path(steps: jax.Array, origin) -> jax.Array:
    """Sums of steps, [T], 0 at index `origin`."""
    sums = jnp.concatenate([jnp.zeros(1, steps.dtype), jnp.cumsum(steps)])
    return sums - sums[origin]
