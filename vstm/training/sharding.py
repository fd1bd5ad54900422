"""Data parallelism: each device of each host makes the gradients of its part of a batch.

Parameters and metrics are the same on all devices; gradients are averaged over them, once an
update, so that a run does not depend on their number but for the order of summation. So is the
optimiser's state, unless each device keeps a share of it: then it forms that share's part of the
step, which all of them gather.

Source: choice; synchronous stochastic gradient descent, and stage 1 of ZeRO (Rajbhandari et al.
2020).
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import gcd
from typing import Any

import jax
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from vstm.training.repeated import Updates
from vstm.training.update import TrainState

BATCH_AXIS = "batch"


@dataclass(frozen=True)
class Devices:
    """The devices that share each batch.

    Attributes:
      count: how many; all there are, or, of one process, fewer.
      shard_optimizer: whether each keeps its share of the optimiser's state alone.
    """

    count: int
    shard_optimizer: bool = False

    @classmethod
    def sharing(
        cls, batch_size: int, parts: int = 1, *, shard_optimizer: bool = False
    ) -> "Devices":
        """As many as can have equal shares of a batch, each in equal parts.

        Args:
          batch_size: of all together.
          parts: of each device's share of a batch.
          shard_optimizer: see `Devices`; one device alone has all of it.

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
        return cls(count, shard_optimizer and count > 1)

    @cached_property
    def mesh(self) -> Mesh:
        return Mesh(np.array(jax.devices()[: self.count]), (BATCH_AXIS,))

    def place(self, state: TrainState) -> TrainState:
        """A state, the same in all processes, put on the devices.

        Returns:
          On each of them all of the state, or of the optimiser's part a share.
        """
        return self._each(_put, state)

    def replicate(self, tree: Any) -> Any:
        """Arrays, the same in all processes, put on all devices."""
        return jax.tree.map(lambda array: _put(array, self._whole), tree)

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

    @property
    def mapped_alone(self) -> Mesh | None:
        """The argument `mesh` of `make_train_step`: these, if they share the optimiser's state."""
        return self.mesh if self.shard_optimizer else None

    def over(self, updates: Updates) -> Updates:
        """The same updates, each device taking its part of every batch.

        Args:
          updates: of `repeated`, whose `make_train_step` has `axis=BATCH_AXIS` and
            `mesh=mapped_alone`.
        """
        if self.shard_optimizer:
            return self._with_shards(updates)
        # Gradients are averaged in the update itself, so what varies over devices isn't tracked.
        return jax.shard_map(
            updates,
            mesh=self.mesh,
            in_specs=(_WHOLE, _WHOLE, _SPLIT, _WHOLE, _WHOLE),
            out_specs=_WHOLE,
            check_vma=False,
        )

    def optimizer(self, tx: optax.GradientTransformation) -> optax.GradientTransformation:
        """The optimiser, each device forming its share of the step if they share its state."""
        if not self.shard_optimizer:
            return tx

        def update(gradients, state, params=None):
            updates, state = tx.update(gradients, state, params)
            state = jax.tree.map(lambda a: _constrain(a, self._share(a)), state)
            return jax.tree.map(lambda a: _constrain(a, self._whole), updates), state

        return optax.GradientTransformation(tx.init, update)

    def _with_shards(self, updates: Updates) -> Updates:
        def placed(*arguments):
            state, *others = updates(*arguments)
            others = jax.tree.map(lambda a: _constrain(a, self._whole), others)
            return self._each(_constrain, state), *others

        return placed

    def _each(self, put: Any, state: TrainState) -> TrainState:
        """`put(array, its sharding)` for each array of a state."""

        def each(name: str, part: Any) -> Any:
            shared = self.shard_optimizer and name == "opt_state"
            return jax.tree.map(lambda a: put(a, self._share(a) if shared else self._whole), part)

        return replace(state, **{name: each(name, part) for name, part in vars(state).items()})

    @property
    def _whole(self) -> NamedSharding:
        return NamedSharding(self.mesh, _WHOLE)

    def _share(self, array: Any) -> NamedSharding:
        """Along the longest axis that the devices divide; all of it where there is none."""
        axes = [axis for axis, size in enumerate(array.shape) if size and size % self.count == 0]
        if not axes:
            return self._whole
        longest = max(axes, key=lambda axis: array.shape[axis])
        return NamedSharding(self.mesh, PartitionSpec(*[None] * longest, BATCH_AXIS))


_WHOLE, _SPLIT = PartitionSpec(), PartitionSpec(None, BATCH_AXIS)
_constrain = jax.lax.with_sharding_constraint


def _put(array: Any, sharding: NamedSharding) -> jax.Array:
    if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_put(jax.random.key_data(array), sharding))
    whole = np.asarray(array)
    return jax.make_array_from_callback(whole.shape, sharding, whole.__getitem__)


def on_this_host(tree: Any) -> Any:
    """Arrays of all devices as arrays of one device of this process.

    All processes call it together where devices share the optimiser's state, to gather it.
    """

    def whole(array: jax.Array) -> jax.Array:
        if not array.is_fully_replicated:
            assert isinstance(array.sharding, NamedSharding)
            array = jax.device_put(array, NamedSharding(array.sharding.mesh, _WHOLE))
        return array.addressable_data(0)

    return jax.tree.map(whole, tree)
