"""From finished runs to tables, curves and pages, each with the circumstances it came about in.

May import all other rooms of `experiments`.
"""
