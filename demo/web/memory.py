"""The process's memory: what a picture took goes back, and the container's limit is kept to."""

import ctypes
import sys
from pathlib import Path

# Of version 2 of Linux's control groups, then of version 1.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

# Version 1 says a number beyond any machine's memory where there is no limit.
_NO_LIMIT = 1 << 60

# What is left for the page's files, which lie in memory in a container, and for the kernel's.
_LEFT_OVER = 8


# glibc's numbers for mallopt, from malloc.h, and what they are set to: two heaps instead of eight a
# core, which shrink by what is free at their end; and, so that they do, the largest pictures outside
# of them. A limit of one megabyte for those would hold 100 MB less, and read a fifth fewer pictures.
_MALLOC = {
    "M_ARENA_MAX": (-8, 2),
    "M_TRIM_THRESHOLD": (-1, 1 << 20),
    "M_MMAP_THRESHOLD": (-3, 1 << 25),
}


def give_pictures_back() -> bool:
    """Has the C library return a picture's memory when the picture is gone.

    Returns:
        Whether it took it; False where it is not glibc.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(*each) == 1 for each in _MALLOC.values())


def container_limit() -> int | None:
    """The bytes of memory that the container may use, or None where there is no such limit."""
    for path in _LIMITS:
        try:
            limit = int(Path(path).read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        return limit if limit < _NO_LIMIT else None
    return None


def uploads_limit() -> int:
    """The most bytes that the page's files may take."""
    limit = container_limit()
    return limit // _LEFT_OVER if limit else 1_000_000_000


def stay_within_container() -> None:
    """Keeps the process's data within the container's memory.

    Beyond the container's limit the kernel kills the process and with it everybody's requests.
    Beyond the process's own limit an allocation fails, and with it the one request.
    """
    limit = container_limit()
    if sys.platform == "win32" or limit is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limit - limit // _LEFT_OVER
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
