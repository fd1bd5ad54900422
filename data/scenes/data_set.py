"""Made scenes as a data set: its options, and how its splits are opened."""

from dataclasses import dataclass
from functools import partial

from data.ranges import check_range
from data.sequences import MAX_SEED, SequenceOptions
from data.sources import Computed, DataSet, DeviceFrames, Source, TrainingSource

MAX_OBJECTS = 255  # object masks are uint8
MAX_SPEED = 64
MIN_SIZE = 8


@dataclass(frozen=True)
class ScenesOptions:
    """What scenes show, and how it moves.

    Raises:
      ValueError: an option is outside its range; the message begins with its name.
    """

    seed: int = 0  # of the scenes themselves
    images: str = ""  # folder of images to take textures from; "": they are generated
    num_objects: int = 6  # at most; 1 to so many are drawn
    max_speed: float = 6.0  # of anything in the image, the camera's motion included, pixels a frame
    still_share: float = 0.15  # of scenes in which nothing moves
    still_camera_share: float = 0.5  # of scenes whose camera stays, still ones included
    light: float = 0.2  # largest change of the light in a sequence, relative; 0: none
    noise: float = 0.03  # largest standard deviation of the sensor's noise; 0: none

    def __post_init__(self) -> None:
        check_range("seed", self.seed, 0, MAX_SEED)
        check_range("num_objects", self.num_objects, 1, MAX_OBJECTS)
        check_range("max_speed", self.max_speed, 0, MAX_SPEED)
        check_range("still_share", self.still_share, 0, 1)
        check_range("still_camera_share", self.still_camera_share, self.still_share, 1)
        check_range("light", self.light, 0, 1)
        check_range("noise", self.noise, 0, 1)


def check(options: ScenesOptions, sequences: SequenceOptions) -> None:
    """Refuses images with no room for an object.

    Raises:
      ValueError: the message begins with `image_size`.
    """
    check_range("image_size", sequences.image_size, MIN_SIZE)


def open_split(options: ScenesOptions, sequences: SequenceOptions, split: str) -> Source:
    """Scenes of one split, a `data.scenes.generator.Scenes`.

    Raises:
      OSError, ValueError: the images cannot be read; the message names the file.
    """
    from data.scenes.generator import Scenes

    return Scenes(split, sequences, options)


def open_training(options: ScenesOptions, sequences: SequenceOptions) -> TrainingSource:
    """The scenes of `train`, without augmentation, and the checksum of their images, if any."""
    from data.scenes.generator import Scenes

    scenes = Scenes("train", sequences, options)
    return TrainingSource(scenes, checksum=scenes.checksum)


def open_on_device(options: ScenesOptions, sequences: SequenceOptions) -> TrainingSource:
    """The numbers of the scenes of `train`, and how frames are made of them."""
    import numpy as np

    from data.scenes.generator import Scenes, make_frames

    scenes = Scenes("train", sequences, options)
    size, num_frames = sequences.image_size, sequences.sequence_length
    made = DeviceFrames(scenes.material, partial(make_frames, size=size, num_frames=num_frames))
    numbers = Computed(len(scenes), np.int32)
    return TrainingSource(numbers, checksum=scenes.checksum, on_device=made)


SCENES = DataSet(ScenesOptions, check, open_split, open_training, open_on_device)
