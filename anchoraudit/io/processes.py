"""Processes that read beside this one, and that nobody notices: not on Ctrl-C, not when they die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal, cast

Send = Callable[[Any], None]
Worker = tuple[BaseProcess, Connection]


def can_fork() -> bool:
    """Tell whether a second process is cheap: forking, on Linux, and not from within a daemon.

    On macOS system libraries break in a forked child, and Windows has none; daemons may have no children.
    """
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> Iterator[list[Worker]]:
    """Start a process for each of `arguments`, running `work(send, *arguments)`.

    What a worker sends arrives at its connection. Fewer may start than were asked for, and one may die
    before it has sent anything: the caller does what is missing. None of them outlives the block.
    """
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(cast(Literal["spawn"], method))  # typed as one of the two
    started: list[Worker] = []
    try:
        with _sigint_blocked(), _without_main(), warnings.catch_warnings():
            # Python warns of forks beside threads; the child only reads, and takes none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            with suppress(OSError):  # no more processes to be had
                for own in arguments:
                    receiver, sender = context.Pipe(duplex=False)
                    process: BaseProcess = context.Process(
                        target=_run, args=(receiver, sender, work, own), daemon=True
                    )
                    process.start()
                    sender.close()
                    started.append((process, receiver))
        yield started
    finally:
        for process, receiver in started:
            process.kill()
            receiver.close()
            process.join()


@contextmanager
def handed_out(count: int) -> Iterator[Callable[[], int | None]]:
    """Hand out the numbers below `count` <= 4096, each once, to this process and those forked from it.

    The numbers lie in a pipe: nobody holds a lock, so a worker that dies leaves the others going.
    """
    assert count <= 4096  # what any pipe holds without being read
    reader, writer = os.pipe()
    try:
        os.write(writer, b"".join(number.to_bytes(2, "little") for number in range(count)))
    finally:
        os.close(writer)

    def take() -> int | None:
        number = os.read(reader, 2)
        return int.from_bytes(number, "little") if number else None

    try:
        yield take
    finally:
        os.close(reader)


def _run(receiver: Connection, sender: Connection, work: Callable[..., None], own: tuple[Any, ...]) -> None:
    """What a worker does: its work, without a word, and leave."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
        receiver.close()  # so that sending fails, and this ends, once the parent is gone
        work(sender.send, *own)
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
