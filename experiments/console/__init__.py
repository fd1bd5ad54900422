"""How a program meets its user: errors in one line, progress, signals, files that appear whole.

Imports nothing of the other rooms of `experiments`.
"""
