"""Small whole files of every kind that is read, from which damaged ones are made."""

import gzip
import io
import json
import struct
from pathlib import Path

import av
import numpy as np
from flax.traverse_util import unflatten_dict
from PIL import Image

from data.clips.clip_info import ClipInfo, to_json
from data.clips.prepared_clips import CLIPS_FOLDER, DATASET_FILE, write_clip
from experiments.configs import config as configuration
from experiments.configs.moving_mnist import get_config
from vstm.inference.model_file import save_model
from vstm.inference.parameter_shapes import parameter_shapes
from vstm.modules.model_config import ModelConfig

SIDE, NUM_FRAMES = 24, 20
CLIP = "clip.array_record"
IMAGES = ("png", "jpg", "bmp", "pgm", "tif", "webp", "gif")
VIDEOS = {  # suffix: codec, pixels
    "avi": ("mpeg4", "yuv420p"),
    "mp4": ("libx264", "yuv420p"),
    "mkv": ("libx264", "yuv444p"),
    "mpg": ("mpeg2video", "yuv420p"),
    "mov": ("mjpeg", "yuvj420p"),
}
_SCORES = {"cross_entropy": 0.1, "mean_squared_error": 0.02, "ssim": 0.9, "psnr": 20.0}
_FLOW = dict.fromkeys(
    ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari"), 0.5
)


def frames() -> np.ndarray:
    """uint8 [T, H, W], a bright bar that moves over noise."""
    moving = np.random.default_rng(0).integers(
        80, size=(NUM_FRAMES, SIDE, SIDE + 8), dtype=np.uint8
    )
    for number, frame in enumerate(moving):
        frame[:, number : number + 6] = 200
    return moving


def digits_npz() -> bytes:
    """As `data.moving_mnist.make_digits` writes them."""
    images = np.resize(frames(), (12, 28, 28))
    arrays = {"images": images, "labels": np.arange(12, dtype=np.uint8)}
    buffer = io.BytesIO()
    named = {f"train_{name}": array for name, array in arrays.items()}
    np.savez_compressed(buffer, **named)  # type: ignore[arg-type]
    return buffer.getvalue()


def idx_images() -> bytes:
    """MNIST's, of twelve images."""
    return struct.pack(">4I", 2051, 12, 28, 28) + np.resize(frames(), (12, 28, 28)).tobytes()


def idx_labels() -> bytes:
    """Their classes."""
    return struct.pack(">2I", 2049, 12) + bytes(range(12))


def published_npy() -> bytes:
    """A small published test set, [T, N, H, W]."""
    return npy(np.resize(frames(), (5, 3, 8, 8)))


def model_npz(path: Path) -> bytes:
    """A small model's file, written to a path first."""
    config = ModelConfig((2,), memory_features=(2,), memory_kernel_size=3, frame_size=(16, 16))
    shapes = parameter_shapes(config).items()
    params = {name: np.full(shape, 0.1, np.float32) for name, shape in shapes}
    save_model(path, config, unflatten_dict(params, sep="/"))
    return path.read_bytes()


def record_npz() -> bytes:
    """What a record of a prepared clip holds."""
    buffer = io.BytesIO()
    np.savez(buffer, frame=frames()[:16])
    return buffer.getvalue()


def prepared(folder: Path) -> None:
    """A prepared folder of one clip."""
    (folder / CLIPS_FOLDER).mkdir(exist_ok=True)
    path = folder / CLIPS_FOLDER / CLIP
    path.unlink(missing_ok=True)
    written = write_clip(path, ({"frame": frame} for frame in frames()))
    splits = ({"train": [0, 15], "test": [15, NUM_FRAMES]},)
    clip = to_json(ClipInfo("a/b.mp4", "b", **written, splits=splits))
    dataset = {
        "settings": {"name": "video_folder", "test_share": 0.1},
        "clips": [{"file": CLIP, "clip": clip}],
        "skipped": {},
        "problems": {},
    }
    (folder / DATASET_FILE).write_text(json.dumps(dataset))


def image(suffix: str) -> bytes:
    """An image, or an animation of two frames."""
    buffer = io.BytesIO()
    first, second = (Image.fromarray(frame) for frame in frames()[:2])
    kinds = {"jpg": "JPEG", "tif": "TIFF", "pgm": "PPM"}
    if suffix == "gif":
        first.save(buffer, "GIF", save_all=True, append_images=[second], duration=40)
    else:
        first.save(buffer, kinds.get(suffix, suffix.upper()))
    return buffer.getvalue()


def video(suffix: str, path: Path) -> bytes:
    """A video, written to a path first."""
    codec, pixels = VIDEOS[suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = SIDE, SIDE + 8, pixels
        stream.gop_size = 6
        for frame in frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "gray")))
        container.mux(stream.encode(None))
    return path.read_bytes()


def config_json() -> bytes:
    """A run's configuration."""
    return configuration.to_json(configuration.resolve(get_config())).encode()


def metrics_jsonl() -> bytes:
    """A run's log."""
    lines = [{"step": step, "train/loss": 1 / step, "test/psnr": None} for step in range(1, 21)]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def evaluation_json() -> bytes:
    """A run's final evaluation."""
    evaluation = {
        "split": "test",
        "variant": "conv-1enc-1LSTM",
        "network": ModelConfig().to_fields(),
        "loss": "bce",
        "step": 20,
        "sequences_trained": 80,
        "num_sequences_at_most": 5,
        "num_sequences": 5,
        "true_flow_warp": _SCORES,
        "model": _SCORES,
        "constant_mean": _SCORES,
        "copy_last": _SCORES,
        "paper": {"cross_entropy": 0.2},
        "commit": "abc",
        "device": "a card",
        "trained_commit": "abc",
        "trained_device": "a card",
    }
    return json.dumps(evaluation).encode()


def flow_scores_json() -> bytes:
    """Scores of a run's flow."""
    return json.dumps({"model": _FLOW, "zero": _FLOW}).encode()


def environment_json() -> bytes:
    """A run's record of what trained it."""
    return json.dumps([{"step": 0, "commit": "abc", "device": "a card", "jax": "1"}]).encode()


def flow() -> np.ndarray:
    """float32 [h, w, 2]."""
    return np.linspace(-3, 3, 6 * 9 * 2, dtype=np.float32).reshape(6, 9, 2)


def npy(array: np.ndarray) -> bytes:
    """An array in NumPy's format."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def gz(content: bytes) -> bytes:
    """Compressed by gzip."""
    return gzip.compress(content, mtime=0)
