"""Headings of columns that several tables share, by field."""

RUN = {"label": "run", "length": "training sequences"}
SETTINGS = {"settings": "other settings"}
PAPER = {"paper": "paper", "ratio": "ratio"}
PREDICTION = {
    "cross_entropy": "nats per pixel",
    "copy_last_cross_entropy": "copy of the last frame",
}
FLOW = {"endpoint_error": "endpoint error, px", "motion_iou": "motion IoU"}
ALL_OF_FLOW = {
    "endpoint_error": "endpoint error, px",
    "angular_error": "angular error, deg",
    "within_1px": "within 1 px",
    "motion_iou": "motion IoU",
    "motion_ari": "ARI",
}
CLIPS = {
    "prediction": "clip",
    "size": "size",
    "frames": "frames",
    "mean_squared_error": "squared error",
    "error_to_copy_last": "ratio to a copy",
    "error_to_zero_flow": "ratio to no flow",
    "moving": "moving",
    "flicker": "flicker, px",
    "milliseconds_a_frame": "ms per frame",
}
