"""How a program meets its user and machine: start-up, errors in one line, signals, whole folders.

Notes before compilations and facts of the machine too; progress is in `data.progress`. Imports
nothing of the other rooms of `experiments`.
"""
