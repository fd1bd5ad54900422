"""Trained models at work: their file, streaming prediction, frames further ahead.

Needs no optimiser and nothing of training.
"""
