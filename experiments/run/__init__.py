"""What a run needs: its configuration and what is built from it, its folder, checkpoints, results.

Knows nothing of scores, tables or pictures. Importing the package itself imports nothing.
"""
