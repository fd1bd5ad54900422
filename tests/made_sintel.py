"""Small scenes in the layout of MPI-Sintel."""

import numpy as np
from PIL import Image

from data.flo import write_flo

HEIGHT, WIDTH = 20, 28


def make_scene(seed, num_frames):
    """Random frames uint8 [T, H, W, 3], flows [T - 1, H, W, 2], hidden pixels [T - 1, H, W]."""
    generator = np.random.default_rng(seed)
    frames = generator.integers(0, 256, (num_frames, HEIGHT, WIDTH, 3), np.uint8)
    flows = generator.normal(0, 3, (num_frames - 1, HEIGHT, WIDTH, 2)).astype(np.float32)
    flows[:, 0, :3] = np.nan
    return frames, flows, generator.uniform(size=flows.shape[:3]) < 0.3


def make_sintel(directory, scenes):
    """Writes scenes (name: number of frames); returns what `make_scene` made, by name.

    The clean rendering is the final one, inverted.
    """
    made = {}
    for seed, (name, num_frames) in enumerate(scenes.items()):
        made[name] = frames, flows, hidden = make_scene(seed, num_frames)
        folders = {
            kind: directory / "training" / kind / name
            for kind in ("clean", "final", "flow", "occlusions")
        }
        for folder in folders.values():
            folder.mkdir(parents=True)
        for t, frame in enumerate(frames):
            Image.fromarray(frame).save(folders["final"] / f"frame_{t + 1:04d}.png")
            Image.fromarray(255 - frame).save(folders["clean"] / f"frame_{t + 1:04d}.png")
        for t, (flow, mask) in enumerate(zip(flows, hidden, strict=True)):
            write_flo(folders["flow"] / f"frame_{t + 1:04d}.flo", flow)
            image = Image.fromarray((255 * mask).astype(np.uint8))
            image.save(folders["occlusions"] / f"frame_{t + 1:04d}.png")
    return made
