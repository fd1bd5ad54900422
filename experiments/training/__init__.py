"""Training of a run: the experiment from start to report, its loop and its batches.

May import all rooms of `experiments` but `report` and `benchmark`.
"""
