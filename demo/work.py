"""Work on every core."""

import os


def cores() -> int:
    """How many cores this process may use; `os.cpu_count` would count those it may not."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
