"""Many annotation files on every core, with the same answer on any number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter

from anchoraudit.formats.voc.xml import Chunk, scan
from anchoraudit.io.processes import helpers, shared_out

FILES_A_CHUNK = 128  # about 5 ms of work, and an answer that fits in a pipe
# Numbers of files from which on a second process pays.
WORTH_A_FORK = 500
WORTH_A_SPAWN = 8000
MOST_BESIDE = 7  # reading files, more of them wait for one another


def scan_all(paths: Sequence[str], *, processes: int | None = None) -> list[Chunk]:
    """`scan` over `paths` in chunks of FILES_A_CHUNK, in their order.

    processes: how many take part, this one included; None: as many as pay.
    """
    with scanning(paths, processes=processes) as chunks:
        return chunks()


@contextmanager
def scanning(paths: Sequence[str], *, processes: int | None = None) -> Iterator[Callable[[], list[Chunk]]]:
    """`scan_all` in two steps: the others start on entering, this process joins in when it asks."""
    pieces = [paths[i : i + FILES_A_CHUNK] for i in range(0, len(paths), FILES_A_CHUNK)]
    if processes is None:
        beside = min(helpers(len(paths), fork=WORTH_A_FORK, spawn=WORTH_A_SPAWN), MOST_BESIDE)
    else:
        beside = processes - 1
    with shared_out(scan, pieces, beside) as results:
        yield lambda: [chunk for _, chunk in sorted(results(), key=itemgetter(0))]
