"""What sequences of every data set have in common."""

from dataclasses import dataclass

from data.ranges import check_choice, check_range

SPLITS = ("train", "validation", "test")
MAX_SEED = 2**32 - 1
MAX_COUNT = 2**31 - 1
_MAX_SIDE = 4_096
_MAX_FRAMES = 10_000


@dataclass(frozen=True)
class SequenceOptions:
    """Size, length and number of the sequences.

    Raises:
      ValueError: one is outside its range; the message begins with its name.
    """

    image_size: int = 64  # pixels, square
    sequence_length: int = 20  # frames
    num_train: int = 10_000  # sequences; of what is recorded, as many as there are at most
    num_validation: int = 3_000
    num_test: int = 3_000

    def __post_init__(self) -> None:
        check_range("image_size", self.image_size, 1, _MAX_SIDE)
        check_range("sequence_length", self.sequence_length, 2, _MAX_FRAMES)
        for split in SPLITS:
            check_range(f"num_{split}", self.num_sequences(split), 1, MAX_COUNT)

    def num_sequences(self, split: str) -> int:
        """Of a split, at most.

        Raises:
          ValueError: unknown split.
        """
        check_choice("split", split, SPLITS)
        counts = (self.num_train, self.num_validation, self.num_test)
        return counts[SPLITS.index(split)]
