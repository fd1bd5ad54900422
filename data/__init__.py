"""Sources of sequences: generated, published or real video; they know nothing of the model.

Importing the package itself imports nothing, so that flags can offer what is named here.
"""

RENDERINGS = ("clean", "final")  # of MPI-Sintel
