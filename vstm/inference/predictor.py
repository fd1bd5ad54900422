"""Steps through a video frame by frame, with the memory kept.

    predictor = load("runs/first")
    predictions = [predictor.step(frame) for frame in frames]

Frames may have any height and width; their edges are repeated up to what the encoder's poolings
divide, and what is returned is cut back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from vstm.ops.warp import upsample_flow
from vstm.state import Output, State

PRETRAINED = Path(__file__).parents[1] / "pretrained" / "conv-1enc-1LSTM"


@dataclass(frozen=True)
class Prediction:
    """What follows from the frames seen so far.

    Attributes:
      frame: float32 [H, W], the next frame; may leave [0, 1] a little.
      flow: float32 [H, W, 2], the motion from the last frame to the next, pixels of the frame:
        (u, v) = (x right, y down); backward, next(x, y) = last(x + u, y + v).
      unmoved: float32 [H, W], the next frame if nothing moved: the prediction with zero flow.
      features: float32 [h, w, d], the encoder's of the last frame.
      memory: float32 [h, w, n], the output of the memory's last layer, a summary of all frames.
    """

    frame: np.ndarray
    flow: np.ndarray
    unmoved: np.ndarray
    features: np.ndarray
    memory: np.ndarray


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
        self._apply = jax.jit(self._compute, compiler_options=compiler_options())
        self._prepare = jax.jit(self._prepared, compiler_options=compiler_options())
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
        padded = jnp.asarray(np.pad(intensities, margins, mode="edge"))[None, None, :, :, None]
        if self._state is None:
            state, prepared = self._prepare(self._variables, padded)
            self._state = jax.tree.map(jnp.zeros_like, state)
            self._variables |= prepared
        output, unmoved = self._apply(self._variables, padded, self._state)
        self._state = output.state
        flow = np.asarray(upsample_flow(output.flow[0], divisor))
        features_size = output.features.shape[1:3]
        return Prediction(
            frame=self._image(output.prediction)[:height, :width],
            flow=flow[:height, :width],
            unmoved=self._image(unmoved)[:height, :width],
            features=np.asarray(output.features[0]),
            memory=np.asarray(output.state.output[0]).reshape(*features_size, -1),
        )

    def predictions(self, frames: Iterable[np.ndarray]) -> Iterator[Prediction]:
        """A prediction for each frame of a video, from its beginning; see `step`."""
        self.reset()
        return map(self.step, frames)

    def _prepared(self, variables: Any, frames: jax.Array) -> tuple[State, Any]:
        output, prepared = self.model.apply(variables, frames, mutable=[PREPARED])
        return output.state, prepared

    def _compute(self, variables: Any, frames: jax.Array, state: State) -> tuple[Output, jax.Array]:
        output: Any = self.model.apply(variables, frames, state)
        still = jnp.zeros_like(output.flow)
        unmoved: Any = self.model.apply(
            variables, frames[:, -1], output.features, still, method="predict"
        )
        return output, unmoved

    def _image(self, output: jax.Array) -> np.ndarray:
        return np.asarray(self.model.intensity(output)[0, :, :, 0])

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


def load(path: str | Path = PRETRAINED) -> VideoPredictor:
    """A trained model, ready for the first frame of a video.

    Args:
      path: a run's folder, or a model's file; by default the model that comes with the project.

    Raises:
      FileNotFoundError: no such file.
      ValueError: damaged, or not a model's file.
    """
    return VideoPredictor(*load_model(Path(path)))
