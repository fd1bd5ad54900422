"""Moving scenes, made: textured objects before a textured background, with their ground truth.

Pure functions of JAX make a scene of a key. Importing the package itself imports nothing.
"""
