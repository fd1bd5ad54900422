"""What is measured: scores of a run's predictions and flow, probes, floors, errors on own video.

May import `experiments.run` and `experiments.pictures`, and nothing that makes tables of runs.
"""
