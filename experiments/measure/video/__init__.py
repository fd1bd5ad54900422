"""A model on real video beside what would be used instead: a copy, and classical flow carried on.

Importing the package itself imports nothing, so that flags can say what is named here.
"""

SIZE = "192x256"  # height and width to which frames are brought, pixels
NUM_FRAMES = 40  # that are scored of a clip, at most
MIN_FRAMES = 4  # that are scored of a clip, at least
WARM_UP = 12  # frames that a model has seen at the first scored prediction; the paper's tau and more
MIN_WARM_UP = 2  # frames between which there is a flow to carry on
