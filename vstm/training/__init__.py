"""The update: gradients, optimiser and learning rate as pure functions.

Knows nothing of files, configurations and loops; these are the caller's.
"""
