"""Predicts every frame of a video from those before it, and shows the flow.

The input is a video file or a folder of images, of any size and length; the model is that of a run,
or the one that comes with the project. Frames are taken in one by one and the memory is kept, so
that what is held does not grow with the length. Writes, frame k showing what frame k + 1 of the
input is predicted to be, or is:

    prediction.mp4     the predicted frames
    flow.mp4           the flow to them, by one scale, with a legend
    side_by_side.mp4   input, next frame, prediction, flow, moving pixels
    contact_sheet.png  as the paper's Figure 7: last inputs, next frame, prediction, flow
    metrics.csv        see experiments.measure.frame_errors
    summary.json       the columns' means, frames a second, how it was made
    flow/*.flo, *.npz  the flow itself, with --flow_format
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from data.flo import write_flo
from data.framing import fit
from data.video import ImageFolder, VideoFile
from experiments.measure.frame_errors import FrameErrors
from experiments.pictures import FLOW_SCALE
from experiments.pictures.prediction import Moment, contact_sheet, flow_panel, side_by_side
from experiments.pictures.samples import png
from experiments.pictures.video_writer import VideoWriter
from experiments.run.errors import UserError
from vstm.video_predictor import VideoPredictor

NUM_MOMENTS = 5
NUM_MOMENT_INPUTS = 3
MIN_FRAMES = 2


def predict_video(
    predictor: VideoPredictor,
    video: VideoFile | ImageFolder,
    output: Path,
    *,
    size: tuple[int, int] | None = None,
    flow_scale: float = FLOW_SCALE,
    motion_threshold: float = 0.5,
    flow_format: str = "none",
) -> dict[str, Any]:
    """Predicts a video and writes everything into a folder; see the module.

    Args:
      predictor: the model.
      video: the frames.
      output: the folder; new or empty. It is there when all is written; until then, and after an
        error, its name ends in .part.
      size: (H, W) to which frames are scaled, and cropped if need be; None: as they are.
      flow_scale: length of full colour, pixels a frame.
      motion_threshold: length from which a pixel counts as moving, pixels a frame.
      flow_format: one of `FLOW_FORMATS`.

    Returns:
      What `summary.json` holds.

    Raises:
      UserError: too few frames, an unusable folder, or frames that the model cannot take.
    """
    if len(video) < MIN_FRAMES:
        raise UserError(f"{video.path}: {len(video)} frame; expected {MIN_FRAMES} or more")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output}: expected a new or empty folder; choose another --output")
    frames = _frames(video, size)
    images = [next(frames)]
    predictor.reset()
    predictor.step(images[0])  # says what the model cannot take, before anything is written
    predictor.reset()
    part = output.with_name(output.name + ".part")
    shutil.rmtree(part, ignore_errors=True)  # left by a prediction that was killed
    (part / "flow" if flow_format != "none" else part).mkdir(parents=True)
    moments: list[Moment] = []
    chosen = set(_moments(len(video)))
    seconds: list[float] = []
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(VideoWriter(part / f"{name}.mp4", video.rate))
            for name in ("prediction", "flow", "side_by_side")
        }
        errors = stack.enter_context(FrameErrors(part / "metrics.csv", motion_threshold))
        progress = tqdm(frames, total=len(video) - 1, desc="predicting", unit="frame", disable=None)
        for number, target in enumerate(progress, 1):
            start = time.perf_counter()
            made = predictor.step(images[-1])
            seconds.append(time.perf_counter() - start)

            errors.add(number, video.times[number], _real(images[-1]), _real(target), made)
            moment = Moment(list(images), target, made)
            for name, image in _images(moment, flow_scale, motion_threshold).items():
                writers[name].write(image)
            if number in chosen:
                moments.append(moment)
            if flow_format != "none":
                _write_flow(part / "flow", number, made.flow, flow_format)
            images = [*images[-NUM_MOMENT_INPUTS + 1 :], target]
    per_frame = float(np.median(seconds))
    summary = {
        "input": video.path.name,
        "model": predictor.description.variant,
        "loss": predictor.description.loss,
        "num_predicted": len(seconds),
        "size": list(images[-1].shape),
        "rate": video.rate,
        "problem": video.problem,
        "milliseconds_a_frame": 1000 * per_frame,
        "frames_a_second": 1 / per_frame,
        "motion_threshold": motion_threshold,
        "means": errors.means(),
    }
    (part / "contact_sheet.png").write_bytes(png(contact_sheet(moments, flow_scale)))
    (part / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    if output.exists():
        output.rmdir()
    part.rename(output)
    return summary


def _frames(video: VideoFile | ImageFolder, size: tuple[int, int] | None) -> Iterator[np.ndarray]:
    return (image if size is None else fit(image, size, "crop") for image in video)


def _moments(num_frames: int) -> Iterator[int]:
    """Numbers of the frames of the contact sheet, evenly spaced, with enough inputs if possible."""
    first = min(NUM_MOMENT_INPUTS, num_frames - 1)
    for i in range(NUM_MOMENTS):
        yield first + i * (num_frames - 1 - first) // (NUM_MOMENTS - 1)


def _images(moment: Moment, flow_scale: float, threshold: float) -> dict[str, np.ndarray]:
    return {
        "prediction": moment.predicted_image,
        "flow": flow_panel(moment.made.flow, flow_scale),
        "side_by_side": side_by_side(moment, flow_scale, threshold),
    }


def _real(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float32) / 255


def _write_flow(folder: Path, number: int, flow: np.ndarray, flow_format: str) -> None:
    """Flow from frame number - 1 to it, backward; see `Prediction.flow`."""
    path = folder / f"frame_{number:06d}.{flow_format}"
    if flow_format == "flo":
        write_flo(path, flow)
    else:
        np.savez_compressed(path, flow=flow)


def report(summary: dict[str, Any]) -> str:
    """The summary as text."""
    means = summary["means"]
    error = means["mean_squared_error"]
    lines = [
        f"{summary['input']}: {summary['num_predicted']} frames of "
        f"{summary['size'][1]}x{summary['size'][0]}, {summary['frames_a_second']:.1f} frames/s",
        f"mean squared error {error:.6f}, SSIM {means.get('ssim', float('nan')):.4f}",
    ]
    for name in ("copy_last", "zero_flow"):
        ratio = f" ({error / means[name]:.3f} of it)" if means[name] else ""
        lines.append(f"  {name.replace('_', ' ')}: {means[name]:.6f}{ratio}")
    flicker = means.get("flicker")
    lines.append(
        f"flow: {means['flow_length']:.2f} px, {means['moving']:.1%} of the pixels move, flicker "
        + ("unknown, as no pixel is still" if flicker is None else f"{flicker:.3f} px")
    )
    if summary["problem"]:
        lines.append(f"the input {summary['problem']}")
    return "\n".join(lines)
