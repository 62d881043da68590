"""How the C library gives out memory: by its own defaults this process would keep 30 MB that nobody uses any more.

Python asks it for what is larger than 512 bytes, librdkafka for everything. It gives each thread an arena of its own,
and there are two dozen threads: each arena keeps what the largest body or fetch in it took.
"""

from __future__ import annotations

import ctypes

ARENA_MAX = 1  # of all threads: nearly every call comes from under Python's lock anyway, so nobody waits (measured)
# Larger ones, such as fetches, go back to the system when they are let go. Bodies do not: to be given fresh pages for
# each costs 2 us an event (measured).
MMAP_THRESHOLD_BYTES = 2 * 1024 * 1024
TRIM_THRESHOLD_BYTES = 8 * 1024 * 1024  # with the default of 128 kB, what a poll took is given back and taken again

_PARAMETERS = {-8: ARENA_MAX, -3: MMAP_THRESHOLD_BYTES, -1: TRIM_THRESHOLD_BYTES}  # M_ARENA_MAX and so on of malloc.h


def keep_little() -> bool:
    """Have the C library keep little of what is let go; whether it is one that can be told: glibc is.

    To be called before there are threads: what has an arena keeps it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(name, value) == 1 for name, value in _PARAMETERS.items())
