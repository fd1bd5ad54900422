"""A reconstruction loss: what it takes for a prediction, and the terms that it adds up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.losses.frames import check_frames, check_weight

Term = Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class Loss:
    """A reconstruction loss between the predicted and the true next frame.

    Attributes:
      output: what it takes: the decoder's output as `logit` or `intensity`, see
        `vstm.ModelConfig.output`.
      elementwise: the terms that it adds up, by name; each (output, target) -> a value per pixel.
    """

    output: str
    elementwise: Mapping[str, Term]

    def terms(
        self,
        output: Float[Array, "*b h w c"],
        target: Float[Array, "*b h w c"],
        weight: Float[Array, "*#b 1 1 1"] | float = 1.0,
    ) -> dict[str, Float[Array, ""]]:
        """The terms, each the mean over pixels; the loss is their sum.

        Args:
          output: the decoder's.
          target: the true frame, in [0, 1].
          weight: of each frame, or of all of a sequence, such as `copy_weight`.

        Returns:
          Scalars by term.

        Raises:
          ValueError: output and target are no real numbers of one shape, or the weight is not of
            their frames.

        Source: eq. 5 and section 5; means over pixels are a choice.
        """
        check_frames(output=output, target=target)
        check_weight(weight, target)
        return {
            name: jnp.mean(weight * term(output, target)) for name, term in self.elementwise.items()
        }
