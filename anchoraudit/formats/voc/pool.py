"""Reads many annotation files on all cores. The result is the same on any number of cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from operator import itemgetter

from anchoraudit.formats.voc.xml import Chunk, scan
from anchoraudit.io.meanwhile import work_meanwhile
from anchoraudit.io.processes import helpers, shared_out
from anchoraudit.io.steps import counted
from anchoraudit.io.unchanged import is_recorded, note

FILES_A_CHUNK = 128  # about 5 ms of work, and a result that fits in a pipe
# The least files for which another process saves time. A file takes 40 us or more, a fork about 5 ms, a fresh
# interpreter half a second.
WORTH_A_FORK = 500
WORTH_A_SPAWN = 8000
MOST_BESIDE = 7  # more processes wait for one another when they read files


def scan_all(paths: Sequence[str], *, processes: int | None = None) -> list[Chunk]:
    """Read `paths` in chunks of FILES_A_CHUNK files, and return the chunks in order.

    processes: how many take part, with this one; None for as many as save time.
    """
    with scanning(paths, processes=processes) as chunks:
        return chunks()


@contextmanager
def scanning(paths: Sequence[str], *, processes: int | None = None) -> Iterator[Callable[[], list[Chunk]]]:
    """Do the same in two steps: the others start when the block is entered, this one when it calls.

    Notes how each file was read, if that is recorded.
    """
    pieces = [paths[i : i + FILES_A_CHUNK] for i in range(0, len(paths), FILES_A_CHUNK)]
    if processes is None:
        beside = min(helpers(len(paths), fork=WORTH_A_FORK, spawn=WORTH_A_SPAWN), MOST_BESIDE)
    else:
        beside = processes - 1
    work = partial(scan, recorded=is_recorded())
    with shared_out(work, pieces, beside) as results:

        def chunks() -> list[Chunk]:
            if beside > 0:
                work_meanwhile()
            done = counted(results(), "reading annotations", len(paths), each=FILES_A_CHUNK)
            read = [chunk for _, chunk in sorted(done, key=itemgetter(0))]
            # Without a record there are no readings.
            for path, reading in zip(paths, chain.from_iterable(chunk.readings for chunk in read)):  # noqa: B905
                if reading is not None:
                    note(path, reading)
            return read

        yield chunks
