"""Measures the detectors side by side: `python -m preprocessing.compare`."""
