"""The data sets by name. Another one is a file such as `data.clips.data_set`, and a line here.

Light to read: what is heavy is imported when a data set is opened.
"""

from typing import Any

from data.clips.data_set import VIDEO
from data.moving_mnist.data_set import MOVING_MNIST
from data.scenes.data_set import SCENES
from data.sources import DataSet

DATA_SETS: dict[str, DataSet[Any]] = {
    "moving_mnist": MOVING_MNIST,
    "scenes": SCENES,
    "video": VIDEO,
}
