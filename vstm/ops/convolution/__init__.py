"""Convolution of maps, direct or by the fast Fourier transform, behind one interface.

`convolve` is that interface; the other files are its implementations and how they divide the maps.
"""
