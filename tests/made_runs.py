"""Folders of finished runs, with the files that reports read, made without training."""

import json

from small_run import SMALL, small_config

from experiments.configs.config import resolve, to_json

FLOW_SCORES = ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari")


def made_run(folder, score, *, paper=None, flow=None, trained_by=None, **changes):
    """A run of a variant's own network; its test scores are all `score`, its flow's `flow`."""
    folder.mkdir(parents=True)
    network = {path: None for path in SMALL if path.startswith("model.")}
    config = resolve(small_config(**network | changes))
    (folder / "config.json").write_text(to_json(config))
    evaluation = {
        "sequences_trained": 200,
        "model": dict.fromkeys(("cross_entropy", "mean_squared_error", "ssim", "psnr"), score),
        "copy_last": {"cross_entropy": 0.5, "mean_squared_error": 0.5},
        "paper": paper,
        "device": "of the evaluation",
    }
    (folder / "eval_test.json").write_text(json.dumps(evaluation))
    if flow is not None:
        scores = {
            "model": dict.fromkeys(FLOW_SCORES, flow),
            "zero": dict.fromkeys(FLOW_SCORES, 9.0),
        }
        (folder / "flow_test.json").write_text(json.dumps(scores))
    if trained_by is not None:
        entries = [{"step": 0, "device": trained_by, "commit": "abc"}]
        (folder / "environment.json").write_text(json.dumps(entries))
    lines = [
        {"step": step, f"{kind}/{name}": 1 / step}
        for step in range(1, 21)
        for kind in ("train", "validation")
        for name in ("cross_entropy", "mean_squared_error")
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
