"""Spatio-temporal video autoencoder with differentiable memory (Patraucean, Handa, Cipolla 2016).

    predictor = vstm.load()  # the model that comes with the package, or a run's folder
    for frame in video:  # [H, W], uint8 or in [0, 1]
        prediction = predictor.step(frame)  # .frame, .flow, ...

Frames are [B, T, H, W, C] float32 in [0, 1]; flow is [B, h, w, 2], backward, in pixels of the map
that it moves, channels (u, v) = (x right, y down).

The names below are the public ones; their modules are imported when they are asked for.
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vstm.compiler import PRECISIONS, compiler_options
    from vstm.inference.model_file import load_model, save_model
    from vstm.inference.predictor import PRETRAINED, Prediction, VideoPredictor, load
    from vstm.losses import LOSSES, Loss, flow_density, photometric_error
    from vstm.metrics import METRICS, Metric
    from vstm.model import Autoencoder
    from vstm.modules.model_config import ModelConfig
    from vstm.ops.conv_lstm import ConvLSTMParams, conv_lstm_scan, conv_lstm_step
    from vstm.ops.smoothness import flow_roughness, huber, penalise_roughness
    from vstm.ops.warp import upsample_flow, warp, warp_batch, warp_within
    from vstm.rollout import predict_ahead
    from vstm.state import Output, State
    from vstm.training.optimizer import learning_rate_schedule, make_optimizer
    from vstm.training.update import TrainState, init_state, make_train_step
    from vstm.variants import VARIANTS, get_variant

_HOMES = {
    "vstm.compiler": ("PRECISIONS", "compiler_options"),
    "vstm.inference.model_file": ("load_model", "save_model"),
    "vstm.inference.predictor": ("PRETRAINED", "Prediction", "VideoPredictor", "load"),
    "vstm.rollout": ("predict_ahead",),
    "vstm.losses": ("LOSSES", "Loss", "flow_density", "photometric_error"),
    "vstm.metrics": ("METRICS", "Metric"),
    "vstm.model": ("Autoencoder",),
    "vstm.state": ("Output", "State"),
    "vstm.modules.model_config": ("ModelConfig",),
    "vstm.ops.conv_lstm": ("ConvLSTMParams", "conv_lstm_scan", "conv_lstm_step"),
    "vstm.ops.smoothness": ("flow_roughness", "huber", "penalise_roughness"),
    "vstm.ops.warp": ("upsample_flow", "warp", "warp_batch", "warp_within"),
    "vstm.training.optimizer": ("learning_rate_schedule", "make_optimizer"),
    "vstm.training.update": ("TrainState", "init_state", "make_train_step"),
    "vstm.variants": ("VARIANTS", "get_variant"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LOSSES",
    "METRICS",
    "PRECISIONS",
    "PRETRAINED",
    "VARIANTS",
    "Autoencoder",
    "ConvLSTMParams",
    "Loss",
    "Metric",
    "ModelConfig",
    "Output",
    "Prediction",
    "State",
    "TrainState",
    "VideoPredictor",
    "__version__",
    "compiler_options",
    "conv_lstm_scan",
    "conv_lstm_step",
    "flow_density",
    "flow_roughness",
    "get_variant",
    "huber",
    "init_state",
    "learning_rate_schedule",
    "load",
    "load_model",
    "make_optimizer",
    "make_train_step",
    "penalise_roughness",
    "photometric_error",
    "predict_ahead",
    "save_model",
    "upsample_flow",
    "warp",
    "warp_batch",
    "warp_within",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("vstm")
    if name not in _HOME:
        raise AttributeError(f"module 'vstm' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
