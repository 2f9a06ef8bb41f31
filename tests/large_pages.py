"""Makes copies of this process cheap: puts its memory into pages of 2 MB, which `gc` then leaves alone.

A fork copies an entry for each page of memory, at its start and at its end. A process that has imported
everything, and collected the tests, has 70,000 pages of 4 KB: with them a fork takes 20 ms of CPU time, with
large ones 7 ms. The tests make thousands of forks, since the program decodes each image in another process.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LARGE = 1 << 21
MADV_COLLAPSE = 25  # Linux 6.1; older ones refuse it, and all stays as it is


def settle() -> None:
    """Call when nearly all that stays has been imported."""
    gc.collect()
    gc.freeze()  # a collection in a copy writes to the header of each object, and so copies its page
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for start, end in _anonymous():
            for address in range(-(-start // LARGE) * LARGE, end - LARGE + 1, LARGE):
                madvise(address, LARGE, MADV_COLLAPSE)


def _anonymous() -> Iterator[tuple[int, int]]:
    """Where this process has memory of its own, that is of no file and no stack."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        where, rights, _, _, _, *name = line.split()
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = where.split("-")
            yield int(start, 16), int(end, 16)
