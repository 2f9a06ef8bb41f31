"""Many annotation files on every core, with the same answer on any number of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import types
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal, cast

from anchoraudit.formats.voc.xml import Chunk, scan

FILES_A_CHUNK = 128  # about 5 ms of work, and an answer that fits in a pipe
# Below these numbers of files a second process costs more than it saves: a fork takes about 5 ms, a
# fresh interpreter half a second.
WORTH_A_FORK = 500
WORTH_A_SPAWN = 8000
MOST_WORKERS = 8  # reading files, more of them wait for one another

_Worker = tuple[BaseProcess, Connection]


def scan_all(paths: Sequence[str], *, processes: int | None = None) -> list[Chunk]:
    """`scan` over `paths` in chunks of FILES_A_CHUNK, in their order.

    processes: how many take part, this one included; None: as many as pay.
    """
    pieces = [paths[i : i + FILES_A_CHUNK] for i in range(0, len(paths), FILES_A_CHUNK)]
    count = min(_processes(len(paths)) if processes is None else processes, len(pieces))
    if count < 2:
        return [scan(piece) for piece in pieces]
    done: list[Chunk | None] = [None] * len(pieces)
    with _workers(pieces, count) as workers:
        # Workers go from the front, this process from the back, so they meet wherever their speeds
        # say. What a worker does not deliver, for whatever reason, is done here.
        for index in reversed(range(len(pieces))):
            _collect(workers, done)
            if done[index] is None:
                done[index] = scan(pieces[index])
    return [chunk for chunk in done if chunk is not None]


def _processes(files: int) -> int:
    if files < WORTH_A_FORK or multiprocessing.current_process().daemon:  # daemons may not have children
        return 1
    if _start_method() == "spawn" and files < WORTH_A_SPAWN:
        return 1
    return min(_cores(), MOST_WORKERS)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_method() -> str:
    """Fork on Linux: on macOS system libraries break in a forked child, and Windows has none."""
    return "fork" if sys.platform == "linux" else "spawn"


def _collect(workers: list[_Worker], done: list[Chunk | None]) -> None:
    """Take every answer that is there, without waiting for one."""
    for _, answers in workers:
        with suppress(EOFError, OSError):  # a worker that is done, or was killed
            while answers.poll():
                index, chunk = answers.recv()
                done[index] = chunk


@contextmanager
def _workers(pieces: Sequence[Sequence[str]], count: int) -> Iterator[list[_Worker]]:
    """`count - 1` processes that read the pieces between them; none of them outlives the block."""
    # Typed as one of the two, which are used alike.
    context = multiprocessing.get_context(cast(Literal["spawn"], _start_method()))
    workers: list[_Worker] = []
    try:
        with _sigint_blocked(), _without_main(), warnings.catch_warnings():
            # Python warns of forks beside threads; the child only parses, and takes none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            with suppress(OSError):  # no more processes to be had: the work is done with those there are
                for turn in range(count - 1):
                    receiver, sender = context.Pipe(duplex=False)
                    mine = range(turn, len(pieces), count - 1)
                    process: BaseProcess = context.Process(
                        target=_work, args=(receiver, sender, mine, pieces), daemon=True
                    )
                    process.start()
                    sender.close()
                    workers.append((process, receiver))
        yield workers
    finally:
        for process, receiver in workers:
            process.kill()
            receiver.close()
            process.join()


def _work(receiver: Connection, sender: Connection, mine: range, pieces: Sequence[Sequence[str]]) -> None:
    """What a worker does: read its pieces, send each chunk with its index, leave without a word."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
        receiver.close()  # so that writing fails, and this ends, once the parent is gone
        for index in mine:
            sender.send((index, scan(pieces[index])))
    finally:
        os._exit(0)  # no handlers or buffers of the parent's are run or written twice


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Keep Ctrl-C waiting, so that no worker meets it before it knows to ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the user's script: a fresh interpreter would import it, and it needs nothing from there."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
