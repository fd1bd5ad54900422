"""What predictions and flow are scored by, one number a frame or pixel.

Metrics are never trained on; losses are in `vstm.losses`.
"""
