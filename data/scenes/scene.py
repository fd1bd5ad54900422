"""Scenes of keys: their frames, and their ground truth."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from data.scenes.layers import (
    DENSITY,
    Settings,
    draw_background,
    draw_outline,
    draw_scene,
    draw_surface,
)
from data.scenes.rendering import image_points, layer_points, sample

_SCENE, _LAYERS, _SURFACES, _LIGHT, _NOISE = range(5)  # keys by what they are for
_LIT = 0.5  # share of scenes whose light changes


class Truth(NamedTuple):
    """Ground truth of T frames of H x W pixels.

    Attributes:
      object_mask: uint8 [T, H, W], 0 = background, k = the k-th object shows, the later before
        the earlier ones.
      flow: float32 [T - 1, H, W, 2], backward flow of each next frame, of what shows there, pixels.
      occluded: bool [T - 1, H, W], whether what shows in the next frame was hidden, behind
        an object or outside the image.
    """

    object_mask: jax.Array
    flow: jax.Array
    occluded: jax.Array


def render(
    key: jax.Array, settings: Settings, size: int, num_frames: int, images: jax.Array | None = None
) -> jax.Array:
    """Frames of a scene, float32 [T, H, W] in [0, 1].

    Args:
      key: of the scene; `ground_truth` of the same one is that of these frames.
      settings: of the data set.
      size: H and W, pixels.
      num_frames: T.
      images: see `draw_surface`.
    """
    keys = jax.random.split(key, 5)
    scene = draw_scene(keys[_SCENE], settings, size, num_frames)
    x = image_points(size)
    background = draw_background(jax.random.fold_in(keys[_SURFACES], 0), scene, size, images)
    frames = sample(background, layer_points(scene.camera.background(), x), DENSITY)

    def cover(k, frames):
        outline = draw_outline(jax.random.fold_in(keys[_LAYERS], k), scene, size)
        surface = draw_surface(jax.random.fold_in(keys[_SURFACES], k), scene, size, images)
        points = layer_points(outline.pose, x)
        both = sample(jnp.stack([surface, outline.distance], axis=-1), points, DENSITY)
        opacity = outline.opacity_of(both[..., 1], points)
        return frames + opacity * (both[..., 0] - frames)

    frames = jax.lax.fori_loop(1, scene.num_objects + 1, cover, frames)
    gain, offset = _light(keys[_LIGHT], settings.light, num_frames)
    frames = gain[:, None, None] * frames + offset[:, None, None]
    strength, noise = jax.random.split(keys[_NOISE])
    strength = settings.noise * jax.random.uniform(strength) ** 2
    return jnp.clip(frames + strength * jax.random.normal(noise, frames.shape), 0, 1)


def ground_truth(key: jax.Array, settings: Settings, size: int, num_frames: int) -> Truth:
    """The truth of the frames that `render` makes of the same key."""
    keys = jax.random.split(key, 5)
    scene = draw_scene(keys[_SCENE], settings, size, num_frames)
    x = image_points(size)
    flow = scene.camera.background().backward_flow(x)
    mask = jnp.zeros((num_frames, size, size), jnp.uint8)

    def cover(k, truth):
        mask, flow, occluded = truth
        outline = draw_outline(jax.random.fold_in(keys[_LAYERS], k), scene, size)
        shows = outline.opacity(layer_points(outline.pose, x)) >= 0.5
        before = jax.tree.map(lambda a: a[:-1], outline.pose)
        occluded |= outline.opacity(layer_points(before, x + flow)) >= 0.5
        own = outline.pose.backward_flow(x)
        flow = jnp.where(shows[1:], own, flow)
        occluded = jnp.where(shows[1:], _outside(x + own, size), occluded)
        return jnp.where(shows, k.astype(jnp.uint8), mask), flow, occluded

    mask, flow, occluded = jax.lax.fori_loop(
        1, scene.num_objects + 1, cover, (mask, flow, _outside(x + flow, size))
    )
    return Truth(mask, jnp.stack([flow.real, flow.imag], axis=-1), occluded)


def _outside(x, size):
    return jnp.maximum(jnp.abs(x.real), jnp.abs(x.imag)) > (size - 1) / 2


def _light(key, light, num_frames):
    """Gain and offset of each frame, [T]; 1 and 0 where the light does not change."""
    changes, ramps, waves = jax.random.split(key, 3)
    light = light * jax.random.bernoulli(changes, _LIT)
    time = jnp.linspace(-0.5, 0.5, num_frames)
    ramp = jax.random.uniform(ramps, (2, 1), minval=-1.0)
    phase, size, rate = (jax.random.uniform(k, (2, 1)) for k in jax.random.split(waves, 3))
    wave = 0.5 * size * jnp.sin(2 * jnp.pi * (phase + 2 * rate * time))
    gain, offset = light * (ramp * time + wave)
    return 1 + gain, 0.5 * offset
