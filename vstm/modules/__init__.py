"""Flax modules of the figure in the paper: encoder, memory, flow head, decoder.

They own the parameters and call `vstm.ops`; `vstm.model` puts them together.
"""
