"""Trained networks become weights to serve: several joined into one, and exported to LiteRT."""
