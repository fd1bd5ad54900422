"""Pure functions of arrays that read like the paper's equations.

Imports jax, jaxtyping and, in `convolution`, NumPy; nothing here owns parameters. Frames and maps
are channels last.
"""
