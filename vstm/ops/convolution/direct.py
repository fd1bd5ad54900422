"""Same-size convolution by the platform's own kernels (cuDNN, TPU, XLA's CPU libraries).

The backward pass is written out, since a recurrence transposes its kernel once and then convolves
at every step (see `vstm.ops.recurrence`), and since the convolution over reversed windows that
autodiff emits for the gradient of the maps runs ten times slower on the CPU when it is inside a
loop.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.convolution.precision import with_backward_pass


@dataclass(frozen=True)
class DirectConvolution:
    """The convolution of maps of any size with kernels of k x l pixels.

    Maps are arranged as they come, [..., h, w, c], and kernels are prepared by leaving them alone.
    See `vstm.ops.convolution.convolve` for the definition.

    Attributes:
      kernel_size: (k, l).
    """

    kernel_size: tuple[int, ...]

    def arrange(self, maps: jax.Array) -> jax.Array:
        """Maps in the layout that `__call__` takes."""
        return maps

    def restore(self, arranged: jax.Array) -> jax.Array:
        """Inverse of `arrange`."""
        return arranged

    def prepare(self, kernel: jax.Array) -> jax.Array:
        """Weights that `__call__` takes."""
        return kernel

    def __call__(
        self, arranged: Float[Array, "*b h w i"], weights: Float[Array, "k l i o"]
    ) -> Float[Array, "*b h w o"]:
        """Convolves arranged maps with prepared weights."""
        outputs: jax.Array = _convolve(self, arranged, weights)
        return outputs

    def prepare_transposed(self, kernel: Float[Array, "k l i o"]) -> Float[Array, "k l o i"]:
        """Weights that `pull` takes."""
        return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)

    def pull(self, d_outputs: jax.Array, transposed: jax.Array) -> jax.Array:
        """Cotangent of the maps from that of the outputs."""
        paddings = [(after, before) for before, after in self.paddings()]
        return correlate(d_outputs, transposed, paddings)

    def kernel_gradient(self, arranged: jax.Array, d_outputs: jax.Array) -> jax.Array:
        """Cotangent of the kernel, summed over all leading axes."""
        if jax.default_backend() == "cpu":
            return self._kernel_gradient_by_maps(arranged, d_outputs)
        shape = (*self.kernel_size, arranged.shape[-1], d_outputs.shape[-1])
        transpose = jax.linear_transpose(
            lambda kernel: correlate(arranged, kernel, self.paddings()),
            jax.ShapeDtypeStruct(shape, arranged.dtype),
        )
        return transpose(d_outputs)[0]

    def _kernel_gradient_by_maps(self, arranged: jax.Array, d_outputs: jax.Array) -> jax.Array:
        """The same, as a convolution of the maps with the outputs' cotangent over the batch.

        Autodiff's has its axes in another order, which XLA's CPU backend corrects only outside
        loops; inside, where updates are, it is up to a hundred times slower.
        """
        maps, d_outputs = (each.reshape(-1, *each.shape[-3:]) for each in (arranged, d_outputs))
        gradient = correlate(
            maps.transpose(3, 1, 2, 0), d_outputs.transpose(1, 2, 0, 3), self.paddings()
        )
        return gradient.transpose(1, 2, 0, 3)

    def merge_steps(self, arranged: jax.Array) -> jax.Array:
        """Arranged maps of many steps, [tau, ...], as one batch."""
        return arranged.reshape(-1, *arranged.shape[2:])

    def paddings(self) -> list[tuple[int, int]]:
        """Zeros before and after the rows, and the columns."""
        return [((size - 1) // 2, size // 2) for size in self.kernel_size]


def correlate(
    maps: Float[Array, "*b h w i"], kernel: Float[Array, "k l i o"], paddings: list[tuple[int, int]]
) -> Float[Array, "*b p q o"]:
    """The platform's convolution, stride 1.

    Args:
      maps: any number of leading axes.
      kernel: weights.
      paddings: zeros before and after the rows, and the columns.

    Returns:
      The outputs at all places where the kernel lies within the padded maps.

    Source: Table 1.
    """
    outputs = jax.lax.conv_general_dilated(
        maps.reshape(-1, *maps.shape[-3:]),
        kernel,
        window_strides=(1, 1),
        padding=paddings,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return outputs.reshape(*maps.shape[:-3], *outputs.shape[1:])


def _convolve_fwd(convolution, maps, weights):
    return correlate(maps, weights, convolution.paddings()), (maps, weights)


def _convolve_bwd(convolution, residuals, d_outputs):
    maps, weights = residuals
    return (
        convolution.pull(d_outputs, convolution.prepare_transposed(weights)),
        convolution.kernel_gradient(maps, d_outputs),
    )


_convolve = with_backward_pass(_convolve_fwd, _convolve_bwd, num_settings=1)
