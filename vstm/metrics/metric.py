"""What describes a metric of predicted frames."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.losses.frames import check_frames


@dataclass(frozen=True)
class Metric:
    """A metric of predicted frames. Over many frames it is the mean of each frame's value.

    Attributes:
      title: heads its column of a table.
      digits: decimals in a table.
      per_frame: (prediction, target), both [*b, H, W, C], to one value per frame, [*b].
      takes: the prediction that it takes: an `intensity`, which any image is, or the `logit` of an
        intensity, which only a model that is trained by cross-entropy gives.
      at_most: upper limit of a frame's value.
      smallest_side: height and width of frames, pixels, below which it is not defined.
    """

    title: str
    digits: int
    per_frame: Callable[[jax.Array, jax.Array], jax.Array]
    takes: Literal["intensity", "logit"] = "intensity"
    at_most: float = math.inf
    smallest_side: int = 1

    def defined(self, shape: tuple[int, ...]) -> bool:
        """Whether frames of a shape [*b, H, W, C] are large enough for it."""
        return min(shape[-3:-1]) >= self.smallest_side

    def values(
        self, prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
    ) -> Float[Array, "*b"]:
        """One value per frame, as it counts in the mean.

        Raises:
          ValueError: prediction and target are no real numbers of one shape.
        """
        check_frames(prediction=prediction, target=target)
        return jnp.minimum(self.per_frame(prediction, target), self.at_most)
