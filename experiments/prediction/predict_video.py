"""Predicts every frame of a video from those before it; `experiments.predict` says what it writes.

Frames are taken in one by one and the memory is kept, so that what is held does not grow with the
length. One thread reads and predicts; another, behind it, measures, draws and writes.
"""

import functools
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data.progress import Progress, say
from data.video.framing import fit
from data.video.picture import Picture
from data.video.stream import Frame, Stream, frames, taken_times
from experiments.console.errors import UserError
from experiments.console.new_folder import check_new_folder, new_folder
from experiments.console.stop_signals import StopSignals
from experiments.prediction import NUM_SCALE_FRAMES
from experiments.prediction.background import Background
from experiments.prediction.contact_sheet import NUM_INPUTS
from experiments.prediction.options import Options
from experiments.prediction.outputs import Outputs, prepare
from experiments.run.provenance import environment
from vstm.inference.predictor import Prediction, VideoPredictor

MIN_FRAMES = 2
_SCALE_STRIDE = 4  # every so many rows and columns are enough for it
_MIN_SCALE = 0.1  # pixels; where hardly anything moves


class Predicted(NamedTuple):
    """A prediction: the frames before it, the newest last, the frame after, and what it took."""

    inputs: list[Picture]
    target: Frame
    made: Prediction
    seconds: float


def predict_video(
    predictor: VideoPredictor,
    stream: Stream,
    output: Path,
    options: Options,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Predicts a video and writes everything into a folder; see the module.

    Args:
      predictor: the model.
      stream: the frames; it is closed.
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
    with closing(stream):
        _check_length(stream, options)
        check_new_folder(output)
        size = options.size_of(stream.size)
        _compile(predictor, size, options)  # may be ended by a signal
        start = time.perf_counter()
        with new_folder(output) as folder:
            percentile = options.flow_percentile
            if percentile is not None:
                flow_scale = _percentile_scale(predictor, stream, options, percentile)
                options = replace(options, flow_scale=flow_scale)
            measured = _write_predictions(predictor, stream, folder, options)
            seconds = time.perf_counter() - start
            summary = {
                "input": stream.name,
                "model": predictor.model.config.to_fields(),
                **measured,
                "size": list(size),
                "reduction": predictor.reduction,
                "seconds": seconds,
                "written_frames_a_second": measured["num_predicted"] / seconds,
                "rate": float(stream.rate) / options.selection.every,
                "problem": stream.problem,
                "flow_scale": options.flow_scale,
                "motion_threshold": options.motion_threshold,
                **provenance,
                **environment(),
            }
            text = json.dumps(summary, indent=2, allow_nan=False)
            (folder / "summary.json").write_text(text + "\n")
    return summary


@functools.cache  # an error is not kept
def _compile(predictor: VideoPredictor, size: tuple[int, int], options: Options) -> None:
    """Steps once, for each size, which also says what the model cannot take; outputs beside it."""
    say(f"compiling the model for frames of {size[0]}x{size[1]} pixels, height x width")
    with Background() as beside:
        beside.call(functools.partial(prepare, size, options))
        predictor.reset()
        predictor.step(np.zeros(size, np.uint8))


def _check_length(stream: Stream, options: Options) -> None:
    """Refuses too few frames before work begins, as far as the stream says how many there are."""
    times, selection = taken_times(stream, options.selection), options.selection
    if stream.live and options.flow_percentile is not None:
        raise UserError(
            f"--flow_scale: {stream.name}: a percentile is taken of frames that are read twice, "
            "which a camera's are not; expected a number of pixels"
        )
    if times is None or len(times) >= MIN_FRAMES:
        return
    assert stream.times is not None
    if len(stream.times) < MIN_FRAMES:
        raise UserError(f"{stream.name}: {len(stream.times)} frame; expected {MIN_FRAMES} or more")
    raise UserError(
        f"{stream.name}: {len(times)} of {len(stream.times)} frames from {selection.start:g} s to "
        f"{selection.end:g} s, each {selection.every}. of them; expected {MIN_FRAMES} or more "
        f"of a video of {stream.times[-1] + float(1 / stream.rate):.2f} s"
    )


def _write_predictions(
    predictor: VideoPredictor, stream: Stream, folder: Path, options: Options
) -> dict[str, Any]:
    """Writes all but `summary.json`; returns what is measured."""
    times = taken_times(stream, options.selection)
    total = None if times is None else len(times) - 1
    seconds: list[float] = []
    with ExitStack() as stack:
        stop = stack.enter_context(StopSignals("frame") if stream.live else nullcontext())
        progress = stack.enter_context(
            Progress(total, unit="frame", description=f"predicting {stream.name}")
        )
        outputs = stack.enter_context(
            Outputs(folder, times, stream.rate / options.selection.every, options)
        )
        for predicted in _predictions(predictor, stream, options):
            seconds.append(predicted.seconds)
            outputs.add(predicted.inputs, predicted.target, predicted.made)
            progress.advance()
            if stop is not None and stop.received is not None:
                break
        if not seconds:
            raise UserError(f"{stream.name}: one frame at most; expected {MIN_FRAMES} or more")
    per_frame = float(np.median(seconds))
    return {
        "num_predicted": len(seconds),
        "milliseconds_a_frame": 1000 * per_frame,
        "frames_a_second": 1 / per_frame,
        "means": outputs.means(),
    }


def _predictions(
    predictor: VideoPredictor, stream: Stream, options: Options
) -> Iterator[Predicted]:
    """Predictions of all frames but the first."""
    predictor.reset()
    size = options.size_of(stream.size)
    inputs: list[Picture] = []
    for frame in frames(stream, options.selection):
        grey, colour = frame.picture
        seen = Picture(
            fit(grey, size, "crop"),
            None if colour is None or options.grey else fit(colour, size, "crop"),
        )
        if inputs:
            start = time.perf_counter()
            made = predictor.step(inputs[-1].grey)
            duration = time.perf_counter() - start
            if not np.isfinite(made.frame).all():
                raise ValueError(
                    f"{stream.name}: frame {frame.number} is not predicted in finite numbers, but "
                    "in infinite ones or NaN; expected a model that has not diverged"
                )
            yield Predicted(inputs, frame._replace(picture=seen), made, duration)
        inputs = [*inputs[-NUM_INPUTS + 1 :], seen]


def _percentile_scale(
    predictor: VideoPredictor, stream: Stream, options: Options, percentile: float
) -> float:
    """See `Options.flow_percentile`; two digits, for the legend."""
    say(f"taking the flow's scale from the first {NUM_SCALE_FRAMES} predictions")
    first = itertools.islice(_predictions(predictor, stream, options), NUM_SCALE_FRAMES)
    flows = [predicted.made.flow[::_SCALE_STRIDE, ::_SCALE_STRIDE] for predicted in first]
    length = np.percentile(np.linalg.norm(np.stack(flows), axis=-1), percentile)
    return max(_MIN_SCALE, float(f"{length:.2g}"))
