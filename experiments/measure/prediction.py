"""Predicts every frame of a video from those before it; `experiments.predict` says what it writes.

Frames are taken in one by one and the memory is kept, so that what is held does not grow with the
length.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.flo import write_flo
from data.progress import Progress, say
from data.video.files import Video
from data.video.framing import fit
from experiments.console.errors import UserError
from experiments.console.new_folder import check_new_folder, new_folder
from experiments.measure import NUM_SCALE_FRAMES
from experiments.measure.frame_errors import FrameErrors
from experiments.pictures import FLOW_SCALE
from experiments.pictures.prediction import Moment, contact_sheet
from experiments.pictures.prediction_videos import PredictionVideos
from experiments.pictures.samples import png
from experiments.run.provenance import environment
from vstm.inference.predictor import VideoPredictor

NUM_MOMENTS = 5
NUM_MOMENT_INPUTS = 3
MIN_FRAMES = 2
_SCALE_STRIDE = 4  # every so many rows and columns are enough for it
_MIN_SCALE = 0.1  # pixels; where hardly anything moves


@dataclass(frozen=True)
class Options:
    """What to make of a video.

    Attributes:
      size: (H, W) to which frames are scaled, and cropped if need be; None: as they are.
      flow_scale: length of full colour, pixels per frame.
      flow_percentile: sets it to this percentile, in [0, 100], of the flow's length in the first
        `NUM_SCALE_FRAMES` predictions, which are then made twice.
      motion_threshold: length from which a pixel counts as moving, pixels per frame.
      flow_format: one of `FLOW_FORMATS`.
    """

    size: tuple[int, int] | None = None
    flow_scale: float = FLOW_SCALE
    flow_percentile: float | None = None
    motion_threshold: float = 0.5
    flow_format: str = "none"


def predict_video(
    predictor: VideoPredictor,
    video: Video,
    output: Path,
    options: Options,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Predicts a video and writes everything into a folder; see the module.

    Args:
      predictor: the model.
      video: the frames.
      output: the folder, new or empty; there when all is written, see `new_folder`.
      options: see there.
      provenance: what `summary.json` shall say besides, such as where the model is from.

    Returns:
      What `summary.json` holds.

    Raises:
      UserError: too few frames, or an unusable folder.
      OSError: something cannot be read or written; the message names it.
      ValueError: the video cannot be read, or its frames are none that the model takes.
    """
    if len(video) < MIN_FRAMES:
        raise UserError(f"{video.path}: {len(video)} frame; expected {MIN_FRAMES} or more")
    check_new_folder(output)
    _compile(predictor, next(_frames(video, options.size)))  # may be ended by a signal
    with new_folder(output) as folder:
        percentile = options.flow_percentile
        if percentile is not None:
            flow_scale = _percentile_scale(predictor, video, options.size, percentile)
            options = replace(options, flow_scale=flow_scale)
        summary = {
            "input": video.path.name,
            "model": predictor.model.config.to_fields(),
            **_write_predictions(predictor, video, folder, options),
            "rate": float(video.rate),
            "problem": video.problem,
            "flow_scale": options.flow_scale,
            "motion_threshold": options.motion_threshold,
            **provenance,
            **environment(),
        }
        text = json.dumps(summary, indent=2, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n")
    return summary


def _write_predictions(
    predictor: VideoPredictor, video: Video, folder: Path, options: Options
) -> dict[str, Any]:
    """Writes all but `summary.json`; returns what is measured."""
    shown: list[Moment] = []
    seconds: list[float] = []
    chosen = set(_chosen(len(video)))
    write_flow = _FLOW_WRITERS.get(options.flow_format)
    if write_flow is not None:
        (folder / "flow").mkdir()
    with (
        Progress(len(video) - 1, unit="frame", description="predicting") as progress,
        FrameErrors(folder / "metrics.csv", options.motion_threshold) as errors,
        PredictionVideos(
            folder,
            _times(video),
            video.rate,
            flow_scale=options.flow_scale,
            motion_threshold=options.motion_threshold,
        ) as videos,
    ):
        for moment, duration in _moments(predictor, video, options.size):
            seconds.append(duration)
            last, target = _real(moment.inputs[-1]), _real(moment.target)
            errors.add(moment.number, moment.time, last, target, moment.made)
            videos.write(moment)
            if write_flow is not None:
                name = f"frame_{moment.number:06d}.{options.flow_format}"
                write_flow(folder / "flow" / name, moment.made.flow)
            if moment.number in chosen:
                shown.append(moment)
            progress.advance()
    sheet = contact_sheet(shown, options.flow_scale)
    (folder / "contact_sheet.png").write_bytes(png(sheet))
    per_frame = float(np.median(seconds))
    return {
        "num_predicted": len(seconds),
        "size": list(shown[0].target.shape),
        "milliseconds_a_frame": 1000 * per_frame,
        "frames_a_second": 1 / per_frame,
        "means": errors.means(),
    }


def _frames(video: Video, size: tuple[int, int] | None) -> Iterator[np.ndarray]:
    return (image if size is None else fit(image, size, "crop") for image in video)


def _compile(predictor: VideoPredictor, image: np.ndarray) -> None:
    """Steps once, which also says what the model cannot take."""
    height, width = image.shape
    say(f"compiling the model for frames of {height}x{width} pixels, height x width")
    predictor.reset()
    predictor.step(image)


def _moments(
    predictor: VideoPredictor, video: Video, size: tuple[int, int] | None
) -> Iterator[tuple[Moment, float]]:
    """Predictions of all frames but the first, and how many seconds each took."""
    predictor.reset()
    times = _times(video)
    inputs: list[np.ndarray] = []
    for number, target in enumerate(_frames(video, size)):
        if inputs:
            start = time.perf_counter()
            made = predictor.step(inputs[-1])
            duration = time.perf_counter() - start
            yield Moment(number, float(times[number]), inputs, target, made), duration
        inputs = [*inputs[-NUM_MOMENT_INPUTS + 1 :], target]


def _times(video: Video) -> np.ndarray:
    """When frames are shown, seconds; without the rounding of containers at a constant rate."""
    if video.constant_rate:
        return np.arange(len(video)) / float(video.rate)
    return video.times


def _chosen(num_frames: int) -> Iterator[int]:
    """Numbers of the frames of the contact sheet, evenly spaced, with enough inputs if possible."""
    first = min(NUM_MOMENT_INPUTS, num_frames - 1)
    for i in range(NUM_MOMENTS):
        yield first + i * (num_frames - 1 - first) // (NUM_MOMENTS - 1)


def _percentile_scale(
    predictor: VideoPredictor, video: Video, size: tuple[int, int] | None, percentile: float
) -> float:
    """See `Options.flow_percentile`; two digits, for the legend."""
    say(f"taking the flow's scale from the first {NUM_SCALE_FRAMES} predictions")
    first = itertools.islice(_moments(predictor, video, size), NUM_SCALE_FRAMES)
    flows = [moment.made.flow[::_SCALE_STRIDE, ::_SCALE_STRIDE] for moment, _ in first]
    length = np.percentile(np.linalg.norm(np.stack(flows), axis=-1), percentile)
    return max(_MIN_SCALE, float(f"{length:.2g}"))


def _real(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float32) / 255


def _write_npz(path: Path, flow: np.ndarray) -> None:
    np.savez_compressed(path, flow=flow)


# Flow to the numbered frame from the one before, backward; see `Prediction.flow`.
_FLOW_WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {
    "flo": write_flo,
    "npz": _write_npz,
}


def report(summary: Mapping[str, Any]) -> str:
    """The summary as text."""
    means = summary["means"]
    error, similarity, flicker = means["mean_squared_error"], means["ssim"], means["flicker"]
    lines = [
        f"{summary['input']}: {summary['num_predicted']} frames of "
        f"{summary['size'][0]}x{summary['size'][1]}, {summary['frames_a_second']:.1f} frames/s",
        f"mean squared error {error:.6f}, SSIM "
        + ("-" if similarity is None else f"{similarity:.4f}"),
    ]
    for name in ("copy_last", "zero_flow"):
        ratio = f" (ratio {error / means[name]:.3f})" if means[name] else ""
        lines.append(f"  {name.replace('_', ' ')}: {means[name]:.6f}{ratio}")
    lines.append(
        f"flow: {means['flow_length']:.2f} px, {means['moving']:.1%} of the pixels move, flicker "
        + ("unknown, as no pixel is still" if flicker is None else f"{flicker:.3f} px")
    )
    if summary["problem"]:
        lines.append(f"the input {summary['problem']}")
    return "\n".join(lines)
