"""Spatio-temporal video autoencoder with differentiable memory (Patraucean, Handa, Cipolla 2016).

Frames are [B, T, H, W, C] float32 in [0, 1]; flow is [B, h, w, 2], backward, in pixels of the map
that it moves, channels (u, v) = (x right, y down).
"""
