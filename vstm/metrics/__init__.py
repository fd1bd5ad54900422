"""What predictions and flow are scored by, one number per frame or pixel.

Metrics are never trained on; losses are in `vstm.losses`. `METRICS` names those of a predicted
frame, which every evaluation, table and diagram shows.
"""

from vstm.metrics.flow import angular_error, endpoint_error
from vstm.metrics.frames import (
    cross_entropy,
    mean_squared_error,
    nats_per_frame,
    psnr,
    ssim,
)
from vstm.metrics.metric import Metric
from vstm.metrics.structural_similarity import SSIM_WINDOW

METRICS: dict[str, Metric] = {
    "cross_entropy": Metric("nats/pixel", 5, cross_entropy, takes="logit"),
    "nats_per_frame": Metric("nats/frame", 1, nats_per_frame, takes="logit"),
    "mean_squared_error": Metric("MSE", 5, mean_squared_error),
    "ssim": Metric("SSIM", 4, ssim, smallest_side=SSIM_WINDOW),
    # Of an exact frame it is infinite, which JSON does not have.
    "psnr": Metric("PSNR", 2, psnr, at_most=100.0),
}
"""The metrics of a predicted frame, by name, in the order of tables."""

__all__ = [
    "METRICS",
    "Metric",
    "angular_error",
    "cross_entropy",
    "endpoint_error",
    "mean_squared_error",
    "nats_per_frame",
    "psnr",
    "ssim",
]
