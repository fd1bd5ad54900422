"""What training minimises: reconstruction of the next frame, and terms of the flow.

A term is elementwise and unreduced, or a scalar; the weights are the caller's.
"""
