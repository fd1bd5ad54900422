"""Data parallelism: each device of each host makes the gradients of its part of a batch.

State and metrics are the same on all devices; gradients are averaged over them, once an update, so
that a run does not depend on their number but for the order of summation.

Source: choice; synchronous stochastic gradient descent.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from math import gcd
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from vstm.training.repeated import Updates

BATCH_AXIS = "batch"


@dataclass(frozen=True)
class Devices:
    """The devices that share each batch.

    Attributes:
      count: how many; all there are, or, of one process, fewer.
    """

    count: int

    @classmethod
    def sharing(cls, batch_size: int, parts: int = 1) -> "Devices":
        """As many as can have equal shares of a batch, each in equal parts.

        Raises:
          ValueError: there are several processes, and not all of their devices can.
        """
        there = jax.device_count()
        count = gcd(batch_size // parts, there)
        if jax.process_count() > 1 and count < there:
            raise ValueError(
                f"expected a multiple of {parts * there}, {parts} for each of the {there} devices "
                f"of {jax.process_count()} processes"
            )
        return cls(count)

    @cached_property
    def mesh(self) -> Mesh:
        return Mesh(np.array(jax.devices()[: self.count]), (BATCH_AXIS,))

    def replicate(self, tree: Any) -> Any:
        """Arrays, the same in all processes, put on all devices."""
        sharding = NamedSharding(self.mesh, PartitionSpec())

        def put(array: Any) -> jax.Array:
            if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
                return jax.random.wrap_key_data(put(jax.random.key_data(array)))
            return jax.make_array_from_process_local_data(sharding, np.asarray(array))

        return jax.tree.map(put, tree)

    def split(self, batches: Any) -> Any:
        """Batches of which the devices have parts.

        Args:
          batches: this process's part of each, a pytree of arrays [N, B / processes, ...].

        Returns:
          A pytree of arrays [N, B, ...].
        """
        sharding = NamedSharding(self.mesh, _SPLIT)
        return jax.tree.map(partial(jax.make_array_from_process_local_data, sharding), batches)

    def describe(self, shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
        """What `split` returns, of a shape [N, B, ...]."""
        sharding = NamedSharding(self.mesh, _SPLIT)
        return jax.ShapeDtypeStruct(shape, dtype, sharding=sharding)

    def over(self, updates: Updates) -> Updates:
        """The same updates, each device taking its part of every batch.

        Args:
          updates: of `repeated`, whose `make_train_step` has `axis=BATCH_AXIS`.
        """
        whole = PartitionSpec()
        # Gradients are averaged in the update itself, so what varies over devices isn't tracked.
        return jax.shard_map(
            updates,
            mesh=self.mesh,
            in_specs=(whole, whole, _SPLIT, whole, whole),
            out_specs=whole,
            check_vma=False,
        )


_SPLIT = PartitionSpec(None, BATCH_AXIS)


def on_this_host(tree: Any) -> Any:
    """Replicated arrays as arrays of one device of this process."""
    return jax.tree.map(lambda array: array.addressable_data(0), tree)
