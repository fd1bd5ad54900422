"""A clip's contact sheet: at some moments frames, errors, and flows beside their reference."""

from collections.abc import Sequence

import imgviz
import numpy as np

from data.video.framing import scale
from experiments.measure.video.moments import REFERENCE, Moment
from experiments.measure.video.scores import YARDSTICK, squared_error
from experiments.pictures.error_colours import error_image, error_legend
from experiments.pictures.flow_colours import flow_image, legend
from experiments.pictures.samples import grey
from experiments.pictures.sheet import nearest, sheet, tile_size

MAX_TILE_WIDTH = 200
LABEL_WIDTH = 124
_LEGEND = 112  # diameter, pixels
_PERCENTILE = 99  # of what is shown, that the scales reach
_MIN_ERROR, _MIN_FLOW = 0.02, 0.5  # least scales, where next to nothing changes; pixels


def contact_sheet(moments: Sequence[Moment]) -> np.ndarray:
    """A row a moment, by one scale of errors and one of flow.

    Columns: last frame, next frame, the model's prediction; absolute errors of a copy of the last
    frame, of the model, and of the last frame along carried-on DIS flow; the reference flow, the
    model's, and the carried-on one. The scales reach the 99th percentile of a copy's errors and of
    the reference flow's length.

    Args:
      moments: at least one, of a clip.

    Returns:
      uint8 [rows, columns, 3].
    """
    title = YARDSTICK.upper()
    error_scale = _scale([np.abs(m.last - m.target) for m in moments], _MIN_ERROR)
    flow_scale = _scale([np.linalg.norm(m.reference, axis=-1) for m in moments], _MIN_FLOW)
    size = tile_size(moments[0].target.shape, MAX_TILE_WIDTH)

    def tiles(moment: Moment) -> dict[str, np.ndarray]:
        frames = moment.frames
        shown = {"last": moment.last, "next": moment.target, "next, ours": frames["ours"]}
        errors = {
            "copy": "error, copy",
            "ours": "error, ours",
            YARDSTICK: f"error, {title} carried",
        }
        flows = {
            f"motion, {REFERENCE.upper()}, seen": moment.reference,
            "motion, ours": moment.made.flow,
            f"motion, {title} carried": moment.carried[YARDSTICK],
        }
        return (
            {name: imgviz.asrgb(scale(grey(frame), size)) for name, frame in shown.items()}
            | {
                name: nearest(error_image(frames[by], moment.target, error_scale), size)
                for by, name in errors.items()
            }
            | {name: flow_image(nearest(flow, size), flow_scale) for name, flow in flows.items()}
        )

    rows = [tiles(moment) for moment in moments]
    return sheet(
        [list(row.values()) for row in rows],
        list(rows[0]),
        [legend(_LEGEND, flow_scale), error_legend(error_scale)],
        labels=[_label(moment) for moment in moments],
        label_width=LABEL_WIDTH,
    )


def _label(moment: Moment) -> str:
    errors = {name: squared_error(frame, moment.target) for name, frame in moment.frames.items()}
    shown = {"copy": "copy", "ours": "ours", YARDSTICK: YARDSTICK.upper()}
    lines = [f"{title} {errors[name]:.2g}" for name, title in shown.items()]
    return "\n".join([f"frame {moment.number}", "", "squared error", *lines])


def _scale(values: Sequence[np.ndarray], least: float) -> float:
    """Two digits, for the legend."""
    return max(least, float(f"{np.percentile(np.stack(values), _PERCENTILE):.2g}"))
