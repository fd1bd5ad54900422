"""What is measured: scores of a run's predictions and flow, probes and floors.

May import the rooms `run`, `pictures`, `configs` and `console`; nothing that makes tables of runs.
Importing the package itself imports nothing, so that flags can offer what is named here.
"""

SPLITS = ("validation", "test", "published", "prepared")  # what a run is evaluated on
NUM_AHEAD_SEQUENCES = 1000  # generated ones that frames further ahead are scored on
