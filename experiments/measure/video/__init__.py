"""A model on real video beside what would be used instead: a copy, and classical flow carried on.

May import the rooms below and `report`. Importing the package itself imports nothing, so that flags
can say what is named here.
"""

SIZE = "192x256"  # height and width to which frames are brought by default, pixels
MIN_SIDE = 16  # pixels; of smaller ones classical methods make nothing
NUM_FRAMES = 40  # that are scored of a clip by default, at most
MIN_FRAMES = 4  # that are scored of a clip, at least
WARM_UP = 12  # frames that a model has seen at the first scored prediction, by default
MIN_WARM_UP = 2  # between which there is a flow to carry on
