"""Which fields may change when a run is resumed, and the effect of a change."""

from collections.abc import Callable

import optax

from experiments.configs.config import Config, differences
from experiments.run import build

_CHANGEABLE = (
    "evaluation.",
    "flow_loss.photometric_share",
    "precision",
    "unroll",
    "train.log_every_steps",
    "train.image_every_steps",
    "train.validate_every_steps",
    "train.checkpoint_every_steps",
    "train.keep_checkpoints",
    "train.keep_best_checkpoints",
    "train.num_sequences",
    "train.parts",
    "train.shard_optimizer",
    "train.updates_per_call",
    "train.frames_on_device",
    "train.max_skipped",
)
"""Fields, and a section, that may change while a run is resumed."""


def changeable(path: str) -> bool:
    """Whether a run may be resumed with another value of a field."""
    return path.startswith(_CHANGEABLE)


def explain_changes(config: Config, there: Config, step: int, num_train: int) -> None:
    """Prints what has changed since the run was last trained.

    Args:
      config: the resolved configuration requested.
      there: the one in the run's folder, which differs in `changeable` fields alone.
      step: update that the run has reached.
      num_train: training sequences that there are.
    """
    for path, values in differences(config, there).items():
        print(f"config.{path} (now / before): {values}", flush=True)
    num_steps = build.num_steps(config)
    if num_steps == build.num_steps(there):
        return
    schedules: dict[str, Callable[[Config], optax.ScalarOrSchedule]] = {
        "learning rate": lambda config: build.make_schedule(config, num_train),
        "photometric weight": build.photometric_weight,
    }
    for name, make in schedules.items():
        before, now = (_value(make(each), step) for each in (there, config))
        if now != before:
            print(
                f"the {name} {'rises again' if now > before else 'falls'} from {before:.3g} to "
                f"{now:.3g}, its value at update {step} of {num_steps}",
                flush=True,
            )


def _value(schedule: optax.ScalarOrSchedule, step: int) -> float:
    return float(schedule(step) if callable(schedule) else schedule)
