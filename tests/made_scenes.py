"""Scenes small enough for tests; few sizes, as each one is compiled."""

from data.scenes.data_set import ScenesOptions
from data.scenes.generator import Scenes
from data.sequences import SequenceOptions

SIZE, LENGTH = 24, 4
CLEAN = {"light": 0.0, "noise": 0.0}


def make_scenes(count=40, split="train", image_size=SIZE, sequence_length=LENGTH, **options):
    sequences = SequenceOptions(image_size, sequence_length, count, count, count)
    return Scenes(split, sequences, ScenesOptions(**options))
