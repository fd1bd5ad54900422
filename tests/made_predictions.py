"""A video predicted with a small model, and what was written of it."""

import csv

import av

from data.video.stream import open_stream
from experiments.prediction.options import Options
from experiments.prediction.predict_video import predict_video

FEW_FEATURES = {"encoder_features": (3,), "memory_features": (4,), "memory_kernel_size": 3}


def predicted(predictor, video, output, **options):
    provenance = {"model_path": "model.npz"}
    summary = predict_video(
        predictor, open_stream(str(video)), output, Options(**options), provenance
    )
    with (output / "metrics.csv").open() as file:
        return summary, list(csv.DictReader(file))


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
