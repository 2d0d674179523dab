"""Trained weights that a run begins with instead of random ones."""
