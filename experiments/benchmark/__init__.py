"""Time and memory of training and streaming, beside a counterpart in PyTorch."""
