"""What a person reads of a prediction's summary."""

from collections.abc import Mapping
from typing import Any


def report(summary: Mapping[str, Any]) -> str:
    """The summary of a video as text."""
    lines = [
        f"{summary['input']}: {summary['num_predicted']} frames of "
        f"{summary['size'][0]}x{summary['size'][1]}, {summary['frames_a_second']:.1f} frames/s by "
        f"the model, {summary['written_frames_a_second']:.1f} frames/s with all that is written",
        *_errors(summary["means"]),
    ]
    if summary["problem"]:
        lines.append(f"the input {summary['problem']}")
    return "\n".join(lines)


def report_of_clips(summary: Mapping[str, Any]) -> str:
    """The summary of a folder of clips as text."""
    clips, failed = summary["clips"], summary["failed"]
    lines = [f"{len(clips)} clips, {summary['num_predicted']} frames"]
    for name, clip in clips.items():
        error = clip["means"]["mean_squared_error"]
        lines.append(f"  {name}: mean squared error {error:.6f}, {clip['num_predicted']} frames")
    if clips:
        lines += _errors(summary["means"])
    lines += [f"not predicted: {name} ({error})" for name, error in failed.items()]
    return "\n".join(lines)


def _errors(means: Mapping[str, float | None]) -> list[str]:
    error, similarity, flicker = means["mean_squared_error"], means["ssim"], means["flicker"]
    assert error is not None and means["flow_length"] is not None and means["moving"] is not None
    lines = [
        f"mean squared error {error:.6f}, SSIM "
        + ("-" if similarity is None else f"{similarity:.4f}"),
    ]
    for name in ("copy_last", "zero_flow"):
        simpler = means.get(name)
        if simpler is not None:
            ratio = f" (ratio {error / simpler:.3f})" if simpler else ""
            lines.append(f"  {name.replace('_', ' ')}: {simpler:.6f}{ratio}")
    lines.append(
        f"flow: {means['flow_length']:.2f} px, {means['moving']:.1%} of the pixels move, flicker "
        + ("unknown, as no pixel is still" if flicker is None else f"{flicker:.3f} px")
    )
    return lines
