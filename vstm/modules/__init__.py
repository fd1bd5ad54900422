"""Flax modules of the figure in the paper: encoder, memory, flow head, decoder.

They own the parameters and call `vstm.ops`; `model_config` describes a network, and `vstm.model`
puts it together.
"""
