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
from vstm.inference.model_file import ModelDescription, load_model
from vstm.losses.reconstruction import output_intensity
from vstm.model import Autoencoder, AutoencoderOutput
from vstm.modules.conv_layer import PREPARED
from vstm.ops.warp import upsample_flow

PRETRAINED = Path(__file__).parents[1] / "pretrained" / "conv-1enc-1LSTM"


@dataclass(frozen=True)
class Prediction:
    """What follows from the frames seen so far.

    Attributes:
      frame: float32 [H, W], the next frame; may leave [0, 1] a little.
      flow: float32 [H, W, 2], the motion from the last frame to the next, pixels of the frame:
        (u, v) = (x right, y down); backward, next(x, y) = last(x + u, y + v).
      unmoved: float32 [H, W], the next frame if nothing moved: the last one, decoded without warp.
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
      description: of the model.
      model: the autoencoder.
      params: its parameters.
    """

    def __init__(self, description: ModelDescription, params: Any):
        """Prepares a model; it is compiled when the first frame comes."""
        self.description = description
        self.model: Autoencoder = description.model()
        self.params = params
        self._apply = jax.jit(self._compute, compiler_options=compiler_options())
        self._prepare = jax.jit(self._prepared, compiler_options=compiler_options())
        self.reset()

    def reset(self) -> None:
        """Forgets all frames; the next one may have another size."""
        self._state: Any = None
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
        divisor = self.model.variant.downsampling
        margins = [(0, -side % divisor) for side in (height, width)]
        padded = jnp.asarray(np.pad(intensities, margins, mode="edge"))[None, None, :, :, None]
        if self._state is None:
            memory, prepared = self._prepare(self._variables, padded)
            self._state = jax.tree.map(jnp.zeros_like, memory)
            self._variables |= prepared
        output, unmoved = self._apply(self._variables, padded, self._state)
        self._state = output.memory
        carries = output.memory[:-1] if self.description.recurrent_flow else output.memory
        hidden = carries[-1][1]
        flow = np.asarray(upsample_flow(output.flow[0], divisor))
        features_size = output.features.shape[1:3]
        return Prediction(
            frame=self._image(output.prediction)[:height, :width],
            flow=flow[:height, :width],
            unmoved=self._image(unmoved)[:height, :width],
            features=np.asarray(output.features[0]),
            memory=np.asarray(hidden[0]).reshape(*features_size, -1),
        )

    def predictions(self, frames: Iterable[np.ndarray]) -> Iterator[Prediction]:
        """A prediction for each frame of a video, from its beginning; see `step`."""
        self.reset()
        return map(self.step, frames)

    def _prepared(self, variables: Any, frames: jax.Array) -> tuple[Any, Any]:
        output, prepared = self.model.apply(variables, frames, mutable=[PREPARED])
        return output.memory, prepared

    def _compute(
        self, variables: Any, frames: jax.Array, memory: Any
    ) -> tuple[AutoencoderOutput, jax.Array]:
        output: Any = self.model.apply(variables, frames, memory)
        unmoved = self.model.unmoved(variables["params"], frames[:, -1], output.features)
        return output, unmoved

    def _image(self, output: jax.Array) -> np.ndarray:
        return np.asarray(output_intensity(self.description.loss, output)[0, :, :, 0])

    def _checked(self, frame: np.ndarray) -> np.ndarray:
        frame = np.asarray(frame)
        if frame.ndim != 2 or 0 in frame.shape:
            raise ValueError(f"a frame of shape {frame.shape}; expected [H, W], grey")
        if self._size is not None and frame.shape != self._size:
            raise ValueError(
                f"a frame of {frame.shape} pixels after frames of {self._size}; call reset() first"
            )
        if self.model.variant.memory == "fc" and frame.shape != self.description.frame_size:
            raise ValueError(
                f"a frame of {frame.shape} pixels; {self.description.variant} takes the size that "
                f"it was trained on alone, {self.description.frame_size}"
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
