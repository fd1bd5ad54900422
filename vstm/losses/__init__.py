"""What training minimises: reconstruction of the next frame, and terms of the flow.

A term is elementwise and unreduced, or a scalar; the weights are the caller's.
"""

from vstm.losses.copy_weight import copy_weight
from vstm.losses.edge_aware import edge_aware_roughness
from vstm.losses.loss import Loss
from vstm.losses.photometric import constant_shift, photometric_error
from vstm.losses.reconstruction import binary_cross_entropy, gradient_error, intensity_error
from vstm.losses.sparsity import flow_density

LOSSES: dict[str, Loss] = {
    "bce": Loss("logit", {"cross_entropy": binary_cross_entropy}),
    "intensity": Loss("intensity", {"intensity": intensity_error}),
    "gradient": Loss("intensity", {"gradient": gradient_error}),
    "sum": Loss("intensity", {"intensity": intensity_error, "gradient": gradient_error}),
}
"""Reconstruction losses by name."""

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "constant_shift",
    "copy_weight",
    "edge_aware_roughness",
    "flow_density",
    "gradient_error",
    "intensity_error",
    "photometric_error",
]
