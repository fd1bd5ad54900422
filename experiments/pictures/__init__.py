"""Pictures and videos of frames, predictions and flow.

Takes arrays; knows nothing of runs and configurations.
"""
