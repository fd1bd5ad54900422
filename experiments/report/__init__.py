"""From finished runs to tables, curves and RESULTS.md, on one path for all.

May import all other rooms of `experiments` but `training` and `benchmark`.
"""
