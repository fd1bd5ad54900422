"""A prepared folder that is made anew while a run reads it."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.console.errors import UserError
from experiments.drill.bench import NETWORK, Bench, logged
from experiments.drill.outcome import Outcome
from experiments.drill.program import Program, config_flags

NUM_FRAMES, SIDE = 14, 24
FLAGS = (
    "--config=experiments/configs/video.py:conv-1enc-1LSTM",
    *config_flags(
        NETWORK
        | {
            "data.image_size": 16,
            "data.sequence_length": 4,
            "train.batch_size": 2,
            "train.num_sequences": 200,
            "train.log_every_steps": 1,
            "train.validate_every_steps": 20,
            "train.image_every_steps": 50,
            "train.checkpoint_every_steps": 5,
            "evaluation.batch_size": 2,
        }
    ),
)


def made_anew(bench: Bench) -> Outcome:
    """Prepares other clips into the folder of a running run, and gives its command again."""
    outcome = Outcome("the prepared folder made anew, with other clips, under a running run")
    place = bench.new_folder()
    prepared, run = place / "prepared", place / "run"
    _prepare(bench, place / "first", prepared, seed=0)
    flags = [*FLAGS, f"--config.video.directory={prepared}", f"--workdir={run}"]
    program = Program("experiments.train", flags, bench.scratch)
    program.wait_until(lambda: logged(run) >= 5)
    shutil.rmtree(prepared)
    _prepare(bench, place / "second", prepared, seed=1)
    ended = program.finish()  # to its end, if it has the files open, or in a line
    outcome.count(ended.other_than(2) if ended.code else None)
    outcome.quote(ended.errors)
    again = Program("experiments.train", flags, bench.scratch).finish()
    outcome.count(again.other_than(2) if ended.code else again.other_than(0))
    outcome.quote(again.errors)
    return outcome


def _prepare(bench: Bench, source: Path, output: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)
    for clip in range(3):
        folder = source / f"clip{clip}"
        folder.mkdir(parents=True)
        picture = chance.integers(0, 255, (SIDE, SIDE), np.uint8)
        for frame in range(NUM_FRAMES):
            Image.fromarray(np.roll(picture, frame, axis=1)).save(folder / f"{frame:02}.png")
    flags = ["video_folder", f"--source={source}", f"--output={output}", f"--size={SIDE}x{SIDE}"]
    problem = Program("data.prepare", flags, bench.scratch).finish().other_than(0)
    if problem:
        raise UserError(f"the clips could not be prepared: {problem}")
