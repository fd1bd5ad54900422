"""Predicts videos of one's own, and shows, measures and writes what is predicted.

May import the rooms `run`, `pictures` and `console`.
Importing the package itself imports nothing, so that flags can offer what is named here.
"""

NUM_SCALE_FRAMES = 30  # predictions of which a percentile of the flow is taken, to scale pictures
FLOW_FORMATS = ("none", "flo", "npz", "kitti")  # in which predicted flow is written
