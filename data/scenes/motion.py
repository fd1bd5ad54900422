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
_MAX_TURN = 0.12  # rotation of an object, radians a frame
_MAX_ZOOM = 0.3  # logarithm of how much an object's size changes in a sequence
_CAMERAS = 0.4  # share of both that a camera turns and zooms by at most
_ZOOMING, _TURNING, _SHAKING, _STEADY = 0.35, 0.5, 0.3, 0.9  # of what moves; the last: moves along
_STILL = 0.25  # of objects in a scene that moves
_SHAKE = 0.3  # standard deviation of the largest shake, of the speed
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
    steps, turns = _draw_motion(
        key, still, max_speed, radius, num_frames, turning=_CAMERAS, shaking=_SHAKING
    )
    scale = jnp.exp(_path(turns, 0))
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
    motion, place, time, stays = jax.random.split(key, 4)
    still |= jax.random.bernoulli(stays, _STILL)
    # X[t] - X[t + 1] = step + (exp(turn) - 1)(X[t + 1] - c[t + 1]), and in the image 1 / |g[t]|
    # times that, beside the camera's motion.
    speed = jnp.maximum(max_speed - camera.speed, 0) * jnp.abs(camera.scale).min()
    largest = radius * jnp.exp(_MAX_ZOOM)
    steps, turns = _draw_motion(motion, still, speed, largest, num_frames, turning=1, shaking=0)
    seen = jax.random.randint(time, (), 0, num_frames)
    x = jax.lax.complex(*(size * (jax.random.uniform(place, (2,)) - 0.5)))
    centre = camera.position[seen] + camera.scale[seen] * x - _path(steps, seen)
    shape = jnp.exp(-_path(turns, seen))
    return Pose(camera.scale / shape, (camera.position - centre) / shape)


def _draw_motion(
    key: jax.Array,
    still: jax.Array,
    max_speed: jax.Array,
    radius: float | jax.Array,
    num_frames: int,
    *,
    turning: float,
    shaking: float,
) -> tuple[jax.Array, jax.Array]:
    """Steps and turns, complex [T - 1], such that `_bound` is `max_speed` at most.

    A turn's real part is the logarithm of a change in size, its imaginary part an angle.
    """
    speeds, ways, changes, shakes, chosen, rates = jax.random.split(key, 6)
    chosen = jax.random.uniform(chosen, (4,)) < jnp.array([_ZOOMING, _TURNING, shaking, _STEADY])
    direction, change = jnp.exp(2j * jnp.pi * jax.random.uniform(ways, (2,)))
    acceleration, shake = jax.random.uniform(changes, (2,))
    change *= _MAX_ACCELERATION * acceleration
    steps = direction * (1 + change * jnp.linspace(-0.5, 0.5, num_frames - 1)) * chosen[3]
    places = jax.lax.complex(*jax.random.normal(shakes, (2, num_frames)))
    steps += _SHAKE * shake**2 * chosen[2] * jnp.diff(places)
    steps *= max_speed * _SLOWEST ** jax.random.uniform(speeds)
    most = turning * jnp.array([_MAX_ZOOM / (num_frames - 1), _MAX_TURN])
    # Slow ones are more frequent.
    zoom, turn = chosen[:2] * most * jax.random.uniform(rates, (2,), minval=-1) ** 3
    turns = jnp.full(num_frames - 1, jax.lax.complex(zoom, turn))
    bound = _bound(steps, turns, radius).max()
    factor = jnp.where(still, 0, jnp.minimum(1, max_speed / jnp.maximum(bound, 1e-6)))
    return factor * steps, factor * turns


def _bound(steps: jax.Array, turns: jax.Array, radius: float | jax.Array) -> jax.Array:
    """No less than |step + (exp(turn) - 1) x| for |x| <= radius.

    Convex in a factor on both, and 0 at 0: half the motion has half the bound at most.
    """
    return jnp.abs(steps) + jnp.expm1(jnp.abs(turns)) * radius


def _path(steps: jax.Array, origin: int | jax.Array) -> jax.Array:
    """Sums of steps, [T], 0 at index `origin`."""
    sums = jnp.concatenate([jnp.zeros(1, steps.dtype), jnp.cumsum(steps)])
    return sums - sums[origin]
