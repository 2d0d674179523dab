"""Returns the memory of pictures to the system, and keeps within the container's limit."""

import ctypes
import sys
from pathlib import Path

# Files of Linux's control groups, version 2 first, then version 1.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

# Without a limit, version 1 gives a number beyond any machine's memory.
_NO_LIMIT = 1 << 60

# An eighth of the container's memory is kept free for the kernel and for the page's files, which lie in
# memory in a container.
_LEFT_OVER = 8


# Options of glibc's mallopt, with their numbers from malloc.h and the values to set. There are two heaps
# instead of eight per core. They give free memory at their end back. The largest pictures lie outside of
# the heaps, so that the heaps can shrink. A threshold of one megabyte for those pictures would hold
# 100 MB less, but read a fifth fewer pictures.
_MALLOC = {
    "M_ARENA_MAX": (-8, 2),
    "M_TRIM_THRESHOLD": (-1, 1 << 20),
    "M_MMAP_THRESHOLD": (-3, 1 << 25),
}


def give_pictures_back() -> bool:
    """Makes the C library return a picture's memory when the picture is freed.

    Returns:
        True if the C library accepted the options; False if it is not glibc.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(*option) == 1 for option in _MALLOC.values())


def container_limit() -> int | None:
    """Returns the container's memory limit in bytes, or None if there is no limit."""
    for path in _LIMITS:
        try:
            limit = int(Path(path).read_text())
        except (OSError, ValueError):  # The file is missing or says "max".
            continue
        return limit if limit < _NO_LIMIT else None
    return None


def uploads_limit() -> int:
    """Returns the most bytes that the page's files may take."""
    limit = container_limit()
    return limit // _LEFT_OVER if limit else 1_000_000_000


def stay_within_container() -> None:
    """Limits the process's data, so that it stays within the container's memory.

    If a process exceeds the container's limit, the kernel kills it, and all requests are lost. If it
    reaches its own limit, an allocation fails, and only one request is lost.
    """
    limit = container_limit()
    if sys.platform == "win32" or limit is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limit - limit // _LEFT_OVER
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
