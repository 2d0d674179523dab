"""One training run: its recipe, what it learns from, and the loop that takes its steps."""
