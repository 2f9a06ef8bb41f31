"""Many annotation files on every core, with the same answer on any number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import current_process

from anchoraudit.formats.voc.xml import Chunk, scan
from anchoraudit.io.processes import Send, Worker, can_fork, cores, workers

FILES_A_CHUNK = 128  # about 5 ms of work, and an answer that fits in a pipe
# Below these numbers of files a second process costs more than it saves: a fork takes about 5 ms, a
# fresh interpreter half a second.
WORTH_A_FORK = 500
WORTH_A_SPAWN = 8000
MOST_WORKERS = 8  # reading files, more of them wait for one another


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
    count = min(_processes(len(paths)) if processes is None else processes, len(pieces))
    shares = [(range(turn, len(pieces), count - 1), pieces) for turn in range(count - 1)]
    if not shares:
        yield lambda: [scan(piece) for piece in pieces]
        return
    with workers(_work, shares) as started:
        yield lambda: _finish(started, pieces)


def _finish(started: list[Worker], pieces: Sequence[Sequence[str]]) -> list[Chunk]:
    """Workers go from the front, this process from the back, so they meet wherever their speeds say.

    What a worker does not deliver, for whatever reason, is done here.
    """
    done: list[Chunk | None] = [None] * len(pieces)
    for index in reversed(range(len(pieces))):
        _collect(started, done)
        if done[index] is None:
            done[index] = scan(pieces[index])
    return [chunk for chunk in done if chunk is not None]


def _processes(files: int) -> int:
    if current_process().daemon or files < (WORTH_A_FORK if can_fork() else WORTH_A_SPAWN):
        return 1
    return min(cores(), MOST_WORKERS)


def _collect(started: list[Worker], done: list[Chunk | None]) -> None:
    """Take every answer that is there, without waiting for one."""
    for _, answers in started:
        with suppress(EOFError, OSError):  # a worker that is done, or was killed
            while answers.poll():
                index, chunk = answers.recv()
                done[index] = chunk


def _work(send: Send, mine: range, pieces: Sequence[Sequence[str]]) -> None:
    """Read the pieces `mine` and send each chunk with its index."""
    for index in mine:
        send((index, scan(pieces[index])))
