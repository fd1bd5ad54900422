"""Steps through a video frame by frame, with the memory kept.

    predictor = load("runs/first")
    predictions = [predictor.step(frame) for frame in frames]

Frames may have any height and width; their edges are repeated up to what the encoder's poolings
divide, and what is returned is cut back.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vstm.compiler import compiler_options
from vstm.inference.model_file import load_model
from vstm.model import Autoencoder
from vstm.modules.conv_layer import PREPARED
from vstm.modules.model_config import ModelConfig
from vstm.state import Output, State
from vstm.tracking import start

_PRETRAINED_MODELS = Path(__file__).parents[1] / "pretrained"
PRETRAINED = _PRETRAINED_MODELS / "conv-1enc-1LSTM"


@dataclass(frozen=True)
class Prediction:
    """What follows from the frames seen so far.

    Attributes:
      frame: float32 [H, W], the next frame; may leave [0, 1] a little.
      flow: float32 [H, W, 2], the motion from the last frame to the next, pixels of the frame:
        (u, v) = (x right, y down); backward, next(x, y) = last(x + u, y + v).
      features: float32 [h, w, d], the encoder's of the last frame.
      memory: float32 [h, w, n], the output of the memory's last layer, a summary of all frames.
      decode_unmoved: computes `unmoved`.
    """

    frame: np.ndarray
    flow: np.ndarray
    features: np.ndarray
    memory: np.ndarray
    decode_unmoved: Callable[[], np.ndarray]

    @cached_property
    def unmoved(self) -> np.ndarray:
        """float32 [H, W], the next frame if nothing moved: the prediction with zero flow.

        Decoded when it is first asked for, as that takes a good part of a step's time.
        """
        return self.decode_unmoved()


class VideoPredictor:
    """A model with its memory; predicts the next frame from each one that it is given.

    Attributes:
      model: the autoencoder; `model.config` describes it.
      params: its parameters.
    """

    def __init__(self, config: ModelConfig, params: Any):
        """Prepares a model; it is compiled when the first frame comes."""
        self.model = Autoencoder(config)
        self.params = params
        options = compiler_options()
        self._apply = jax.jit(self._compute, static_argnames="size", compiler_options=options)
        self._decode = jax.jit(self._unmoved, static_argnames="size", compiler_options=options)
        self._prepare = jax.jit(self._prepared, compiler_options=options)
        self.reset()

    def reset(self) -> None:
        """Forgets all frames; the next one may have another size."""
        self._state: State | None = None
        self._size: tuple[int, int] | None = None
        self._variables: dict[str, Any] = {"params": self.params}

    def step(self, frame: np.ndarray) -> Prediction:
        """Takes in a frame and predicts the one that follows.

        Args:
          frame: [H, W], uint8, or real numbers in [0, 1].

        Raises:
          ValueError: not such an array, another size than the frames before, or a size that the
            model cannot take.
        """
        intensities = self._checked(frame)
        height, width = intensities.shape
        if self._size is None:
            self._size = (height, width)
        divisor = self.model.config.downsampling
        margins = [(0, -side % divisor) for side in (height, width)]
        padded = np.pad(intensities, margins, mode="edge")[None, None, :, :, None]
        if self._state is None:
            self._variables |= self._prepare(self._variables, padded)
            self._state = self._first_state(padded)
        image, flow, output = self._apply(self._variables, padded, self._state, size=self._size)
        self._state = output.state
        variables, size, features = self._variables, self._size, output.features

        def decode_unmoved() -> np.ndarray:
            return np.asarray(self._decode(variables, padded, features, size=size))

        return Prediction(
            frame=np.asarray(image),
            flow=np.asarray(flow),
            features=np.asarray(features[0]),
            memory=np.asarray(output.state.output[0]).reshape(*features.shape[1:3], -1),
            decode_unmoved=decode_unmoved,
        )

    def predictions(self, frames: Iterable[np.ndarray]) -> Iterator[Prediction]:
        """A prediction for each frame of a video, from its beginning; see `step`."""
        self.reset()
        return map(self.step, frames)

    def _prepared(self, variables: Any, frames: jax.Array) -> Any:
        """Transformed weights alone, so that the compiler leaves out the rest of the model."""
        return self.model.apply(variables, frames, mutable=[PREPARED])[1]

    def _first_state(self, frames: np.ndarray) -> State:
        if self.model.config.tracking:
            return start(self.model.config, jnp.asarray(frames[:, 0]))
        output: Any = jax.eval_shape(self.model.apply, self._variables, frames)
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), output.state)

    def _compute(
        self, variables: Any, frames: jax.Array, state: State, *, size: tuple[int, int]
    ) -> tuple[jax.Array, jax.Array, Output]:
        """Image and flow of the frame's size, and all that the model returns."""
        output: Any = self.model.apply(variables, frames, state)
        flow = self.model.enlarge(output.flow[0])
        return self._image(output.prediction, size), flow[: size[0], : size[1]], output

    def _unmoved(
        self, variables: Any, frames: jax.Array, features: jax.Array, *, size: tuple[int, int]
    ) -> jax.Array:
        still = jnp.zeros((*features.shape[:-1], 2), features.dtype)
        output: Any = self.model.apply(variables, frames[:, -1], features, still, method="predict")
        return self._image(output, size)

    def _image(self, output: jax.Array, size: tuple[int, int]) -> jax.Array:
        return self.model.intensity(output)[0, : size[0], : size[1], 0]

    def _checked(self, frame: np.ndarray) -> np.ndarray:
        frame = np.asarray(frame)
        if frame.ndim != 2 or 0 in frame.shape:
            raise ValueError(f"a frame of shape {frame.shape}; expected [H, W], grey")
        if self._size is not None and frame.shape != self._size:
            raise ValueError(
                f"a frame of {frame.shape} pixels after frames of {self._size}; call reset() first"
            )
        config = self.model.config
        if config.memory == "fc" and frame.shape != config.frame_size:
            raise ValueError(
                f"a frame of {frame.shape} pixels; a model with an fc memory takes the size alone "
                f"that it was trained on, {config.frame_size}"
            )
        if frame.dtype == np.uint8:
            return frame.astype(np.float32) / 255
        if frame.dtype.kind != "f" or not (frame.min() >= 0 and frame.max() <= 1):
            raise ValueError(
                f"a frame of {frame.dtype} in [{frame.min()}, {frame.max()}]; expected uint8, or "
                "real numbers in [0, 1]"
            )
        return frame.astype(np.float32)


def find_model(model: str | Path) -> Path:
    """Where a model is: the folder of one that comes with the project, by its name; else the path.

    Args:
      model: `conv-1enc-1LSTM` or `conv-2enc-1LSTM`; or a run's folder, or a model's file.
    """
    shipped = _PRETRAINED_MODELS / model
    return shipped if len(Path(model).parts) == 1 and shipped.is_dir() else Path(model)


def load(model: str | Path = PRETRAINED) -> VideoPredictor:
    """A trained model, ready for the first frame of a video.

    Args:
      model: the name of one that comes with the project, `conv-1enc-1LSTM` (fine motion, the
        default) or `conv-2enc-1LSTM` (large motion); or a run's folder, or a model's file.

    Raises:
      FileNotFoundError: no such file.
      ValueError: damaged, or not a model's file.
    """
    return VideoPredictor(*load_model(find_model(model)))
