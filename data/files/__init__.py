"""Files that others made: what is damaged or hostile becomes one error that names the file.

Sizes are checked before memory is asked for. Imports no other room.
"""
