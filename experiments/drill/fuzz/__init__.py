"""Damaged files for every reader.

`seeds` are whole ones, `mutations` damage them, `readers` take them.

`python -m experiments.drill.fuzz` is the program.
"""
