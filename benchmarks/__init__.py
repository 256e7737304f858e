"""Benchmarks: jib beside JAX, PyTorch and NumPy, one question per file."""
