"""The small run that faults are done to, and what it ends in when it is left alone."""

import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.console.errors import UserError
from experiments.drill.outcome import Outcome
from experiments.drill.program import Ended, Program, config_flags
from experiments.run.manifest import DamageError, verified
from experiments.run.metrics_log import METRICS_FILE
from experiments.run.stored import CHECKPOINT_FOLDER, steps
from vstm.inference.model_file import MODEL_FILE

UPDATES = 60
CHECKPOINT_EVERY = 10
VALIDATE_EVERY = 15
NETWORK = {
    "tau": 2,
    "model.encoder_features": (8,),
    "model.memory_features": (8,),
    "model.memory_kernel_size": 3,
}
FLAGS = (
    "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM",
    *config_flags(
        NETWORK
        | {
            "data.image_size": 30,
            "moving_mnist.num_digits": 1,
            "data.sequence_length": 5,
            "data.num_train": 40,
            "data.num_validation": 16,
            "data.num_test": 16,
            "train.batch_size": 2,
            "train.num_sequences": 2 * UPDATES,
            "train.log_every_steps": 1,
            "train.validate_every_steps": VALIDATE_EVERY,
            "train.image_every_steps": 20,
            "train.checkpoint_every_steps": CHECKPOINT_EVERY,
            "evaluation.num_while_training": 16,
            "evaluation.batch_size": 4,
        }
    ),
)
RESULTS = ("eval_test.json", "eval_validation.json", "samples_test.png", MODEL_FILE)


class Bench:
    """Where drills run.

    Attributes:
      scratch: folder of all that they write.
      chance: draws moments.
      undisturbed: folder of the run that was left alone.
      seconds: that it took, with everything compiled already.
    """

    def __init__(self, scratch: Path, seed: int, seconds: float):
        """Trains the undisturbed run.

        Args:
          scratch: an empty folder.
          seed: of the moments.
          seconds: that all drills may take together.

        Raises:
          UserError: it fails.
        """
        self.scratch, self.chance = scratch, random.Random(seed)
        self._deadline = time.monotonic() + seconds
        self._count = 0
        self.undisturbed = self.new_folder()
        for folder in (self.new_folder(), self.undisturbed):  # the first compiles
            start = time.monotonic()
            problem = self.train(folder).finish().other_than(0)
            if problem:
                raise UserError(f"the undisturbed run failed: {problem}")
            self.seconds = time.monotonic() - start

    def left(self) -> float:
        """Seconds until the drills' end."""
        return self._deadline - time.monotonic()

    def new_folder(self) -> Path:
        """A new folder's path, which is not made yet."""
        self._count += 1
        return self.scratch / f"run{self._count}"

    def train(self, folder: Path, *more: str, **options: str | bool | Path | None) -> Program:
        """Starts the command that trains the run in a folder; see `Program` for the options."""
        flags = [*FLAGS, f"--workdir={folder}", *more]
        return Program("experiments.train", flags, self.scratch, **options)  # type: ignore[arg-type]

    def disturb(
        self, folder: Path, update: int, act: Callable[[Program], object], **options: bool
    ) -> Ended:
        """Trains in a folder, and acts when an update is logged."""
        program = self.train(folder, **options)
        program.wait_until(lambda: logged(folder) >= update)
        act(program)
        return program.finish()

    def moment(self) -> int:
        """An update, not at the very ends."""
        return self.chance.randint(5, UPDATES - 10)

    def goes_on(self, folder: Path, outcome: Outcome | None = None) -> str | None:
        """Gives the same command again; what differs from the undisturbed run then."""
        ended = self.train(folder).finish()
        if outcome is not None:
            outcome.quote(ended.errors)
        return ended.other_than(0) or self.difference(folder)

    def difference(self, folder: Path) -> str | None:
        """What of a finished run is not as in the undisturbed one; None if all is, bit for bit."""
        try:
            ours, expected = (
                verified(run / CHECKPOINT_FOLDER / str(UPDATES))
                for run in (folder, self.undisturbed)
            )
        except DamageError as error:
            return f"the last checkpoint: {error}"
        if ours != expected:
            return "the last checkpoint is another one"
        for name in RESULTS:
            if _result(folder / name) != _result(self.undisturbed / name):
                return f"{name} is another one"
        return None

    def copy(self) -> Path:
        """A copy of the undisturbed run."""
        return shutil.copytree(self.undisturbed, self.new_folder())


def _result(path: Path) -> Any:
    """What a file of results says, but for the commit that it was made with."""
    if not path.exists() or path.suffix != ".json":
        return path.read_bytes() if path.exists() else None
    return {
        name: said for name, said in json.loads(path.read_text()).items() if "commit" not in name
    }


def logged(folder: Path) -> int:
    """The last update that a run has logged."""
    try:
        lines = (folder / METRICS_FILE).read_bytes().split(b"\n")[:-1]
        return json.loads(lines[-1])["step"]
    except (OSError, IndexError, ValueError):
        return 0


def losses(folder: Path) -> dict[int, float]:
    """The losses that a run has logged, by update."""
    lines = map(json.loads, (folder / METRICS_FILE).read_text().splitlines())
    return {line["step"]: line["train/loss"] for line in lines if "train/loss" in line}


def saved(folder: Path) -> int:
    """The last update that a run has saved."""
    return max(steps(folder), default=0)
