"""Turns the bytes of a picture into aligned 48x48 faces, for serving and for training."""
