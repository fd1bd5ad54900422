"""Predicts a folder of clips, each into a folder of its own, and sums up over all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.progress import say
from data.video.files import VIDEO_SUFFIXES
from data.video.images import images_in
from data.video.stream import open_stream
from experiments.console.errors import UserError
from experiments.console.new_folder import check_new_folder
from experiments.prediction.options import Options
from experiments.prediction.predict_video import predict_video
from experiments.run.provenance import environment
from vstm.inference.predictor import VideoPredictor

SUMMARY = "summary.json"


def clips_in(folder: Path) -> list[Path]:
    """Video files of a folder by name; none if it holds images, which are one video's frames.

    Hidden files, such as the `._1.mp4` of macOS, don't count.
    """
    if images_in(folder):
        return []
    files = (file for file in folder.iterdir() if not file.name.startswith("."))
    return sorted(file for file in files if file.suffix.lower() in VIDEO_SUFFIXES)


def predict_clips(
    predictor: VideoPredictor,
    clips: Sequence[Path],
    output: Path,
    options: Options,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Predicts each clip into `output/NAME`, and writes `output/summary.json`.

    NAME is the file's without its suffix, unless another has the same. A clip that cannot be
    predicted is named and passed over; those that are done stay, whatever happens to others.

    Args:
      predictor: the model.
      clips: video files.
      output: the folder, new or empty.
      options: what is made of each.
      provenance: what each summary shall say besides.

    Returns:
      What `summary.json` holds: `clips` with the summary's numbers of each, `means` over all
      predicted frames, `failed` with an error for each of the others.

    Raises:
      UserError: an unusable folder.
      OSError: the summary cannot be written.
    """
    output = check_new_folder(output)
    done: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for number, clip in enumerate(clips, 1):
        name = _name(clip, clips)
        say(f"clip {number} of {len(clips)}: {clip.name}")
        try:
            stream = open_stream(str(clip))
            done[name] = predict_video(predictor, stream, output / name, options, provenance)
        except (OSError, ValueError, UserError) as error:
            failed[name] = str(error)
            say(f"error: {clip.name} is passed over: {error}")
    numbers = ("num_predicted", "size", "frames_a_second", "written_frames_a_second", "means")
    summary = {
        "clips": {
            name: {key: clip[key] for key in (*numbers, "problem")} for name, clip in done.items()
        },
        "failed": failed,
        "num_predicted": sum(clip["num_predicted"] for clip in done.values()),
        "means": _means(list(done.values())),
        **provenance,
        **environment(),
    }
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(summary, indent=2, allow_nan=False)
    (output / SUMMARY).write_text(text + "\n")
    return summary


def _name(clip: Path, clips: Sequence[Path]) -> str:
    alike = [other for other in clips if other.stem == clip.stem]
    return clip.stem if len(alike) == 1 else clip.name


def _means(summaries: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Each column's mean, clips counting by their frames; of those that have it."""
    names = dict.fromkeys(name for summary in summaries for name in summary["means"])
    means: dict[str, float | None] = {}
    for name in names:
        having = [s for s in summaries if s["means"].get(name) is not None]
        frames = sum(summary["num_predicted"] for summary in having)
        total = sum(summary["num_predicted"] * summary["means"][name] for summary in having)
        means[name] = total / frames if frames else None
    return means
