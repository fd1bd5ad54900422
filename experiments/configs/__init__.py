"""An experiment's configuration: fields, recipes, the flag `--config`, formats of earlier runs.

Imports no other room of `experiments` but `console`. Importing the package itself imports nothing.
"""
