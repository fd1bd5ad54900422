"""Steps through a video frame by frame, with the memory kept.

    predictor = load("runs/first")
    predictions = [predictor.step(frame) for frame in frames]

Frames may have any height and width; their edges are repeated up to what the encoder's poolings
divide, and what is returned is cut back. Large frames are predicted faster from reduced ones:
`load("conv-2enc-1LSTM", reduction=2)`, see `vstm.inference.reduction`.
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
from vstm.inference.model_file import load_model, num_channels
from vstm.inference.reduction import whole
from vstm.model import Autoencoder
from vstm.modules.conv_layer import PREPARED
from vstm.modules.model_config import ModelConfig
from vstm.ops.averages import cell_means
from vstm.ops.detail import gains
from vstm.state import Output, State
from vstm.tracking import start

_PRETRAINED_MODELS = Path(__file__).parents[1] / "pretrained"
PRETRAINED = _PRETRAINED_MODELS / "conv-2enc-1LSTM"


@dataclass(frozen=True)
class Prediction:
    """What follows from the frames seen so far.

    Attributes:
      frame: float32 [H, W], the next frame; may leave [0, 1] a little.
      flow: float32 [H, W, 2], the motion from the last frame to the next, pixels of the frame:
        (u, v) = (x right, y down); backward, next(x, y) = last(x + u, y + v).
      features: float32 [h, w, d], the encoder's of the last frame, reduced if that is asked for.
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
      reduction: pixels of the frame, along one side, that the model sees as one; with 2, a frame
        takes a quarter to two fifths of the time. See `vstm.inference.reduction`.
    """

    def __init__(self, config: ModelConfig, params: Any, *, reduction: int = 1):
        """Prepares a model; it is compiled when the first frame comes.

        Args:
          config: of the model.
          params: its parameters.
          reduction: see the class; 1 for whole frames.

        Raises:
          ValueError: a reduction below 1 or broken, or a model of frames that are not grey.
        """
        if reduction != int(reduction) or reduction < 1:
            raise ValueError(f"reduction={reduction!r}: expected a whole number, 1 or more")
        if (channels := num_channels(config, params)) != 1:
            raise ValueError(f"a model of frames of {channels} channels; expected grey ones, of 1")
        self.model = Autoencoder(config)
        self.params = params
        self.reduction = int(reduction)
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
        divisor = self.reduction * self.model.config.downsampling
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
            features=np.asarray(features[0, ..., : self.model.config.encoder_features[-1]]),
            memory=np.asarray(output.state.output[0]).reshape(*features.shape[1:3], -1),
            decode_unmoved=decode_unmoved,
        )

    def predictions(self, frames: Iterable[np.ndarray]) -> Iterator[Prediction]:
        """A prediction for each frame of a video, from its beginning; `step` goes on from there.

        Raises:
          ValueError: another video was begun meanwhile, or see `step`.
        """
        self.reset()
        video = self._variables
        for frame in frames:
            if self._variables is not video:
                raise ValueError("another video was begun before the end; each needs a predictor")
            yield self.step(frame)

    def _prepared(self, variables: Any, frames: jax.Array) -> Any:
        """Transformed weights alone, so that the compiler leaves out the rest of the model."""
        frames = cell_means(frames, self.reduction)
        return self.model.apply(variables, frames, mutable=[PREPARED])[1]

    def _first_state(self, frames: np.ndarray) -> State:
        reduced = cell_means(jnp.asarray(frames), self.reduction)
        if self.model.config.tracking:
            return start(self.model.config, reduced[:, 0])
        output: Any = jax.eval_shape(self.model.apply, self._variables, reduced)
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), output.state)

    def _compute(
        self, variables: Any, frames: jax.Array, state: State, *, size: tuple[int, int]
    ) -> tuple[jax.Array, jax.Array, Output]:
        """Image and flow of the frame's size, and all that the model returns."""
        output: Any = self.model.apply(variables, cell_means(frames, self.reduction), state)
        agreement = output.state.agreement
        known = None if agreement is None else gains(agreement)
        return *self._whole(frames, output.prediction, output.flow, known, size), output

    def _unmoved(
        self, variables: Any, frames: jax.Array, features: jax.Array, *, size: tuple[int, int]
    ) -> jax.Array:
        still = jnp.zeros((*features.shape[:-1], 2), features.dtype)
        reduced = cell_means(frames[:, -1], self.reduction)
        output: Any = self.model.apply(variables, reduced, features, still, method="predict")
        return self._whole(frames, output, still, None, size)[0]

    def _whole(
        self,
        frames: jax.Array,
        output: jax.Array,
        flow: jax.Array,
        known: jax.Array | None,
        size: tuple[int, int],
    ) -> tuple[jax.Array, jax.Array]:
        """Image [H, W] and flow [H, W, 2] of the frame's size, of what the model returned."""
        height, width = size
        image, flow = whole(
            frames[:, -1], self.model.intensity(output), self.model.enlarge(flow), known
        )
        return image[0, :height, :width, 0], flow[0, :height, :width]

    def _checked(self, frame: np.ndarray) -> np.ndarray:
        frame = np.asarray(frame)
        if frame.ndim != 2 or 0 in frame.shape:
            raise ValueError(f"a frame of shape {frame.shape}; expected [H, W], grey")
        if self._size is not None and frame.shape != self._size:
            raise ValueError(
                f"a frame of {frame.shape} pixels after frames of {self._size}; call reset() first"
            )
        config = self.model.config
        trained = tuple(self.reduction * side for side in config.frame_size)
        if config.memory == "fc" and frame.shape != trained:
            raise ValueError(
                f"a frame of {frame.shape} pixels; a model with an fc memory takes the size alone "
                f"that it was trained on, {trained}"
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
      model: a name, a run's folder, or a model's file, see `load`.
    """
    shipped = _PRETRAINED_MODELS / model
    return shipped if len(Path(model).parts) == 1 and shipped.is_dir() else Path(model)


def load(model: str | Path = PRETRAINED, *, reduction: int = 1) -> VideoPredictor:
    """A trained model, ready for the first frame of a video.

    Args:
      model: the name of one that comes with the project, for real video `conv-2enc-1LSTM` (the
        default) or `conv-1enc-1LSTM` (finer motion), for moving MNIST
        `moving-mnist-conv-1enc-1LSTM` (binary, the next frame) or `moving-mnist-conv-2enc-1LSTM`
        (real intensities, ten frames ahead); or a run's folder, or a model's file.
      reduction: see `VideoPredictor`.

    Raises:
      FileNotFoundError: no such file; the message names the models that come with the project.
      ValueError: damaged, not a model's file, or see `VideoPredictor`.
    """
    try:
        described, params = load_model(find_model(model))
    except FileNotFoundError as error:
        shipped = ", ".join(sorted(path.name for path in _PRETRAINED_MODELS.glob("*/")))
        raise FileNotFoundError(f"{error}. Models of the project: {shipped}") from error
    return VideoPredictor(described, params, reduction=reduction)
