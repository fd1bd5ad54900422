"""The layers of a scene: a background and, before it, objects; each drawn from a key of its own."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from data.scenes.motion import Camera, Pose, draw_camera, draw_object
from data.scenes.rendering import sample
from data.scenes.shapes import draw_shape
from data.scenes.textures import crop_texture, draw_texture

DENSITY = 1.5  # texels a pixel, so that bilinear samples hardly blur
_BACKGROUND = 2  # side of the background's texture, of the image's; it is periodic
_RADII = 0.07, 0.42  # of objects, of the image's side; their textures are as large as the image
_LEAVES = 128, 40  # of the background and of an object, at most
_LEAF_RADII = 0.05, 0.8  # of the image's side
_CONTRASTS = 0.03, 0.25  # standard deviations of intensities
_FLAT = 0.1  # share of layers of one intensity
_MEANS = 0.2, 0.8  # intensities
_BLURS = 0.5, 1.2  # pixels


class Settings(NamedTuple):
    """Those of `ScenesOptions` that a scene is drawn by, as numbers."""

    max_speed: float
    num_objects: int
    still_share: float
    still_camera_share: float
    light: float
    noise: float


class Scene(NamedTuple):
    """What all layers have in common.

    Attributes:
      num_objects: how many there are.
      still: whether nothing moves.
      max_speed: in the image, pixels a frame.
      camera: its path.
      blur: standard deviation of the blur of textures, pixels.
    """

    num_objects: jax.Array
    still: jax.Array
    max_speed: jax.Array
    camera: Camera
    blur: jax.Array


def draw_scene(key: jax.Array, settings: Settings, size: int, num_frames: int) -> Scene:
    """A scene seen in images of size x size pixels."""
    keys = jax.random.split(key, 5)
    still = jax.random.bernoulli(keys[0], settings.still_share)
    # Of all scenes, still ones included.
    moving = jnp.maximum(1 - settings.still_share, 1e-6)
    share = (settings.still_camera_share - settings.still_share) / moving
    still_camera = still | jax.random.bernoulli(keys[1], jnp.clip(share, 0, 1))
    max_speed = jnp.asarray(settings.max_speed)
    camera = draw_camera(keys[2], still_camera, max_speed, size / 2**0.5, num_frames)
    blur = jax.random.uniform(keys[3], minval=_BLURS[0], maxval=_BLURS[1])
    count = jax.random.randint(keys[4], (), 1, settings.num_objects + 1)
    return Scene(count, still, max_speed, camera, blur)


class Outline(NamedTuple):
    """Where an object is.

    Attributes:
      pose: of its texture.
      distance: from its outline, [side, side], positive inside, pixels.
      radius: nothing of it is farther from its middle, pixels.
      edge: width over which it gets opaque, pixels.
    """

    pose: Pose
    distance: jax.Array
    radius: jax.Array
    edge: jax.Array

    def opacity(self, points: jax.Array) -> jax.Array:
        """How much of the object's points, complex [...], covers what is behind, in [0, 1]."""
        return self.opacity_of(sample(self.distance, points, DENSITY), points)

    def opacity_of(self, distance: jax.Array, points: jax.Array) -> jax.Array:
        """`opacity` where the distances of the points have been sampled."""
        opacity = jnp.clip(0.5 + distance / self.edge, 0, 1)
        reach = self.radius + self.edge  # beyond it, the texture begins again
        return jnp.where(points.real**2 + points.imag**2 < reach**2, opacity, 0)


def draw_outline(key: jax.Array, scene: Scene, size: int) -> Outline:
    """The pose and the shape of one object."""
    motion, shape, large, soft = jax.random.split(key, 4)
    least, most = (share * size for share in _RADII)
    radius = least * (most / least) ** jax.random.uniform(large)
    edge = 1 + 2 * scene.blur * jax.random.uniform(soft)
    pose = draw_object(motion, scene.still, scene.max_speed, radius, scene.camera, size)
    distance = draw_shape(shape, round(DENSITY * size), DENSITY, radius - edge / 2)
    return Outline(pose, distance, radius, edge)


def background_side(size: int) -> int:
    """Texels of the background's texture, along one side, for images of size x size pixels."""
    return round(DENSITY * _BACKGROUND * size)


def draw_background(key: jax.Array, scene: Scene, size: int, images: jax.Array | None) -> jax.Array:
    """Intensities of the background, [side, side] in [0, 1]; see `draw_surface`."""
    return _draw_surface(key, background_side(size), scene, size, _LEAVES[0], images)


def draw_surface(key: jax.Array, scene: Scene, size: int, images: jax.Array | None) -> jax.Array:
    """Intensities of an object, [side, side] in [0, 1].

    Args:
      key: of random numbers.
      scene: that it is part of.
      size: of the scene's images, pixels.
      images: uint8 [N, B, B], of which crops are taken; None for generated patterns.
    """
    return _draw_surface(key, round(DENSITY * size), scene, size, _LEAVES[1], images)


def _draw_surface(key, side, scene, size, num_leaves, images):
    pattern, mean, contrast, flat = jax.random.split(key, 4)
    if images is None:
        radii = (_LEAF_RADII[0] * size, _LEAF_RADII[1] * size)
        texture = draw_texture(pattern, side, DENSITY, scene.blur, num_leaves, radii)
    else:
        texture = crop_texture(pattern, images, side, DENSITY, scene.blur)
    least, most = _CONTRASTS
    contrast = least * (most / least) ** jax.random.uniform(contrast)
    contrast *= ~jax.random.bernoulli(flat, _FLAT)
    mean = jax.random.uniform(mean, minval=_MEANS[0], maxval=_MEANS[1])
    return jnp.clip(mean + contrast * texture, 0, 1)
