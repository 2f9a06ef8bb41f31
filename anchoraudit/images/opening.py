"""Reads the headers of many pictures on all cores. The result is the same on any number of cores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from time import perf_counter

from anchoraudit.images.headers import Headers, read_headers
from anchoraudit.images.sizes import HEAD
from anchoraudit.io.files import read_head
from anchoraudit.io.processes import helpers, shared_out
from anchoraudit.io.steps import counted

FILES_A_PIECE = 256  # about 5 ms of work, and a result that fits in a pipe
# The least files for which another process saves time. A file takes 20 us, a fork about 5 ms, a fresh
# interpreter half a second.
WORTH_A_FORK = 1000
WORTH_A_SPAWN = 60_000
MOST_BESIDE = 7  # more processes wait for one another when they read files
_TRIED = 32  # files that show how slow the disk is
# Seconds a file. To read one takes about 0.02 ms of work, so above 1 ms most of the time is spent waiting for
# the disk. Then more processes than cores help, because many can wait at the same time.
_SLOW = 1e-3


def read_all_headers(paths: Sequence[str | None]) -> Headers:
    """Read the header of each file. None: there is no such file."""
    found = Headers()
    with shared_out(read_headers, list(pieces_of(paths)), processes_beside(len(paths), paths)) as results:
        done = counted(results(), "reading sizes of pictures", len(paths), each=FILES_A_PIECE)
        for _, headers in sorted(done, key=itemgetter(0)):
            found.append(headers)
    return found


def pieces_of(paths: Sequence[str | None]) -> Iterator[Sequence[str | None]]:
    """Yield the paths in pieces of FILES_A_PIECE."""
    return (paths[first : first + FILES_A_PIECE] for first in range(0, len(paths), FILES_A_PIECE))


def processes_beside(files: int, pictures: Sequence[str | None]) -> int:
    """Return how many processes beside this one save time to read so many files.

    pictures: the image files among them.
    """
    beside = min(helpers(files, fork=WORTH_A_FORK, spawn=WORTH_A_SPAWN), MOST_BESIDE)
    return MOST_BESIDE if beside < MOST_BESIDE and files >= WORTH_A_FORK and _is_slow(pictures) else beside


def _is_slow(paths: Sequence[str | None]) -> bool:
    """Tell whether reading waits for the disk, by the first files."""
    first = [path for path in paths[:_TRIED] if path is not None]
    begun = perf_counter()
    for path in first:
        read_head(path, HEAD)
    return perf_counter() - begun > _SLOW * _TRIED
