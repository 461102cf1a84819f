"""Keep a web process small: many threads, each of which decodes photos now and then.

glibc gives threads arenas of their own, and an arena keeps the room that its largest
photo took: 23 threads that had each seen two photos held 447 MB; with two arenas, and
large blocks given back at once, 218 MB. Elsewhere than on glibc nothing changes.
"""

import ctypes

# From malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
ARENAS = 2
LARGE = (
    4 * 2**20
)  # bytes: a block from here on is mapped, and unmapped when it is freed


def keep_small() -> None:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(ARENA_MAX, ARENAS)
    mallopt(MMAP_THRESHOLD, LARGE)
    mallopt(TRIM_THRESHOLD, 2 * LARGE)
