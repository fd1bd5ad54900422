"""The fault drill: what is done to a small run, and damaged files for every reader.

`drills.DRILLS` names what is done to a run; `bench` has the run. A drill is a function of a bench
that gives an `Outcome`. `python -m experiments.drill.fuzz` is the program for the readers.
"""
