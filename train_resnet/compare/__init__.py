"""The networks of the reports that this project grew out of, and its own, on one bench."""
