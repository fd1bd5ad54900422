"""Programs, run as `python -m experiments.NAME`; what they need is in the rooms below.

Importing the package imports nothing, so that a program can set up its process before JAX.
"""
