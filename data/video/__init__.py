"""Frames of video files and images: decoded, upright, deinterlaced, grey, with square pixels.

`files.open_video` opens any of them; the other modules are its parts.

Importing the package itself imports nothing, so that flags can offer what is named here.
"""

FITS = ("crop", "pad")  # how a frame is brought to other proportions, see `framing.fit`
