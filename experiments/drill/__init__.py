"""Faults on purpose: damaged files for every reader, so that none is lost in silence.

`python -m experiments.drill.fuzz` is the program.
"""
