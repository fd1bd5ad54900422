"""Data sets of real video: their layouts, the prepared folder, and the windows for training.

`python -m data.prepare` decodes a data set once; `windows` reads what it wrote.
"""
