"""What is measured: scores of a run's predictions and flow, probes, floors, errors on own video.

May import the rooms `run`, `pictures`, `configs` and `console`; nothing that makes tables of runs.
Importing the package itself imports nothing, so that flags can offer what is named here.
"""

SPLITS = ("validation", "test", "published", "prepared")  # what a run is evaluated on
NUM_AHEAD_SEQUENCES = 1000  # generated ones that frames further ahead are scored on
NUM_SCALE_FRAMES = 30  # predictions of which a percentile of the flow is taken, to scale pictures
FLOW_FORMATS = ("none", "flo", "npz")  # in which predicted flow is written
