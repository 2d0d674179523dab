"""The tables and pictures that show what was measured."""
