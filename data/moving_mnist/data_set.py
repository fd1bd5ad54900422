"""Moving MNIST as a data set: its options, and how its splits are opened."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from data.ranges import check_choice, check_range
from data.sequences import MAX_SEED, SequenceOptions
from data.sources import Computed, DataSet, DeviceFrames, TrainingSource

if TYPE_CHECKING:
    from data.moving_mnist.generator import MovingMNIST

DIGITS = ("embedded", "idx", "tfds")
PIXELS = ("binary", "float")
SPEEDS = ("constant", "drawn")
MAX_DIGITS = 255  # object masks are uint8


@dataclass(frozen=True)
class MovingMNISTOptions:
    """Which digits move, and how.

    Raises:
      ValueError: an option is outside its range, or another one is missing; the message begins with
        its name.
    """

    seed: int = 0  # of the sequences themselves
    digits: str = "embedded"  # embedded | idx | tfds
    directory: str = ""  # folder of the idx files, or TFDS's data folder
    tfds_name: str = "mnist"  # TFDS data set, for digits=tfds
    pixels: str = "auto"  # binary | float | auto: the caller's choice, made before opening
    lines: bool = False  # one fixed vertical and one fixed horizontal line, of intensity 1
    num_digits: int = 2
    step: float = 0.1  # speed, share of the free path (image_size - 28) a frame
    speed: str = "constant"  # constant | drawn: uniform in [0, 2 step] for each digit

    def __post_init__(self) -> None:
        check_range("seed", self.seed, 0, MAX_SEED)
        check_choice("digits", self.digits, DIGITS)
        check_choice("pixels", self.pixels, ("auto", *PIXELS))
        check_range("num_digits", self.num_digits, 1, MAX_DIGITS)
        check_range("step", self.step, 0, 0.5)
        check_choice("speed", self.speed, SPEEDS)
        if self.digits == "idx" and not self.directory:
            raise ValueError("directory: expected the folder of the idx files, got ''")
        if self.digits == "tfds" and not self.tfds_name:
            raise ValueError("tfds_name: expected the name of a TFDS data set, got ''")


def check(options: MovingMNISTOptions, sequences: SequenceOptions) -> None:
    """Refuses frames without room for a digit to move.

    Raises:
      ValueError: the message begins with `image_size`.
    """
    from data.moving_mnist.digits import DIGIT_SIZE

    check_range("image_size", sequences.image_size, DIGIT_SIZE + 1)


def open_split(
    options: MovingMNISTOptions, sequences: SequenceOptions, split: str
) -> "MovingMNIST":
    """Sequences of one split.

    Raises:
      OSError, ValueError: the digits cannot be read; the message names the file.
    """
    from data.moving_mnist.digits import load_digits
    from data.moving_mnist.generator import MovingMNIST

    digits = load_digits(options.digits, split, options.directory, options.tfds_name)
    return MovingMNIST(digits, split, sequences, options)


def open_training(options: MovingMNISTOptions, sequences: SequenceOptions) -> TrainingSource:
    """The sequences of `train`, without augmentation; the options determine them."""
    return TrainingSource(open_split(options, sequences, "train"))


def open_on_device(options: MovingMNISTOptions, sequences: SequenceOptions) -> TrainingSource:
    """What is drawn of the sequences of `train`, and how their frames follow from it."""
    from data.moving_mnist.rendering import make_frames

    source = open_split(options, sequences, "train")
    made = DeviceFrames(source.images, partial(make_frames, size=sequences.image_size))
    return TrainingSource(Computed(len(source), source.draws), on_device=made)


MOVING_MNIST = DataSet(MovingMNISTOptions, check, open_split, open_training, open_on_device)
