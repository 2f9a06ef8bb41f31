"""Reads many files on all cores.

Processes are used, not threads, because Pillow holds the interpreter lock.

A malicious image can crash its decoder, or keep it busy for hours. So images are always decoded in another
process, even a single one. If that process dies, the image may be innocent: the system kills processes that
have done nothing, for want of memory. So it is tried once more, in a process of its own with no other beside
it. Only the image at which that one ends as well gets a problem text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing import current_process
from multiprocessing.connection import Connection, wait
from time import monotonic

from anchoraudit.images.reading import What, read_many
from anchoraudit.images.rows import Rows
from anchoraudit.io.processes import Send, Worker, helpers, workers

Take = Callable[[range, Rows], None]

# The least files for which a fork (about 5 ms) and a fresh interpreter (half a second) save time. A header
# takes about 20 us, so 1000 take four times as long as a fork; a whole file takes 200 us. Decoding always
# happens in other processes, from the first file on.
WORTH_IT: dict[What, tuple[int, int]] = {"header": (1000, 40_000), "digest": (100, 4000), "decode": (1, 1)}
HEADERS_A_PIECE = 256  # about 5 ms of work, and rows that fit in a pipe
PATIENCE = 120.0  # seconds for a piece; the largest picture that is decoded takes some 10
ENDS_ITS_PROCESS = "cannot be read: it ends the process that tries"


def read_all(paths: Sequence[str], what: What, take: Take, *, processes: int | None = None) -> None:
    """Read `paths`; `take` gets ranges of them, in any order, and the rows of each.

    processes: how many read beside this one; 0 for none; None for as many as save time, at most one a core.
    """
    step = HEADERS_A_PIECE if what == "header" else 1
    pieces = [range(i, min(i + step, len(paths))) for i in range(0, len(paths), step)]
    beside = _processes(len(paths), what) if processes is None else processes
    suspects: list[range] = []
    while pieces:
        pieces, ended = _round(pieces, paths, what, take, min(beside, len(pieces)))
        for piece, _ in ended:  # of many files, each is tried by itself to find the one
            alone = [range(i, i + 1) for i in piece]
            (pieces if len(piece) > 1 else suspects).extend(alone)
    for suspect in suspects:
        _, ended = _round([suspect], paths, what, take, 1, suspected=True)
        for piece, why in ended:
            rows = Rows.empty(1)
            rows.table["read"], rows.problem[0] = True, why
            rows.passing.add(0)
            take(piece, rows)


def _processes(files: int, what: What) -> int:
    """Return how many processes read: one a core, since this process only waits. 0 if it reads by itself."""
    fork, spawn = WORTH_IT[what]
    others = helpers(files, fork=fork, spawn=spawn)
    apart = what == "decode" and not current_process().daemon
    return others + 1 if others or apart else 0


def _round(
    pieces: list[range],
    paths: Sequence[str],
    what: What,
    take: Take,
    processes: int,
    *,
    suspected: bool = False,
) -> tuple[list[range], list[tuple[range, str]]]:
    """Read the pieces once.

    Return those that nobody came to, because a process died before or could not be started, and those at
    which a process ended, each with a problem text.

    suspected: a process ended at each of these pieces before. If none can be started, they are not read in
    this one.
    """
    shares = [deque(pieces[turn::processes]) for turn in range(processes)]
    with workers(_work, [(list(share), paths, what) for share in shares]) as started:
        if not started and suspected:
            return [], [(piece, ENDS_ITS_PROCESS) for piece in pieces]
        if not started:
            for piece in pieces:
                take(piece, read_many(paths[piece.start : piece.stop], what))
            return [], []
        ended = _collect(started, shares, take)
        return [piece for share in shares for piece in share], ended


def _collect(started: list[Worker], shares: list[deque[range]], take: Take) -> list[tuple[range, str]]:
    """Take results from the workers until all have finished or died. Removes finished pieces from `shares`.

    Return the pieces at which a worker died, each with a problem text.
    """
    running = {answers: (process, share) for (process, answers), share in zip(started, shares, strict=False)}
    heard = dict.fromkeys(running, monotonic())
    fatal: list[tuple[range, str]] = []
    how = dict.fromkeys(running, ENDS_ITS_PROCESS)
    while running:
        ready = wait(list(running), timeout=max(0.0, min(heard.values()) + PATIENCE - monotonic()))
        for answers in ready:
            assert isinstance(answers, Connection)
            share = running[answers][1]
            try:
                rows = answers.recv()
            except (EOFError, OSError):
                fatal.append((share.popleft(), how[answers]))
            else:
                take(share.popleft(), rows)
                heard[answers] = monotonic()
                if share:
                    continue
            del running[answers], heard[answers]
        for answers, since in heard.items():
            if since + PATIENCE <= monotonic():
                how[answers] = f"cannot be read: it takes more than {PATIENCE:.0f} seconds"
                running[answers][0].kill()  # its connection then ends, which the loop above handles
                heard[answers] = monotonic()
    return fatal


def _work(send: Send, mine: list[range], paths: Sequence[str], what: What) -> None:
    """Read the pieces `mine`, and send the rows of each."""
    for piece in mine:
        send(read_many(paths[piece.start : piece.stop], what))
