"""Pictures and videos of frames, predictions and flow.

Takes arrays; knows nothing of runs and configurations.
Importing the package itself imports nothing, so that flags can say what is named here.
"""

FLOW_SCALE = 5.0  # image pixels per frame at which the colours of flow end by default
