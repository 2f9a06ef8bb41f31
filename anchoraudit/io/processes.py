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
from typing import Any, Literal, TypeVar, cast

Send = Callable[[Any], None]
Worker = tuple[BaseProcess, Connection]
Piece = TypeVar("Piece")
Result = TypeVar("Result")

_BUSY = 2  # processes a core that run or wait: from there on another one saves no time, and costs some


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


def is_busy() -> bool:
    """Tell whether the machine has so much to do that one more process would only wait with the others."""
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none
        return False
    return load >= _BUSY * (os.cpu_count() or 1)


def helpers(amount: int, *, fork: int, spawn: int | None = None) -> int:
    """How many processes beside this one pay: one for each other core it may use, or 0.

    amount: of work, in any unit. fork, spawn: amounts from which a fork (some 5 ms) and a fresh interpreter
    (half a second) pay; None: one never does. Nothing pays in a daemon, or on a busy machine.
    """
    least = fork if can_fork() else spawn
    if least is None or amount < least or multiprocessing.current_process().daemon or is_busy():
        return 0
    return cores() - 1


@contextmanager
def shared_out(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], beside: int
) -> Iterator[Callable[[], Iterator[tuple[int, Result]]]]:
    """Do `work` on every piece, in this process and in up to `beside` others.

    The others start on entering, and go from the front. This process joins in from the back when it iterates
    over what the block gets, so they meet wherever their speeds say: (index, result) of every piece once, in
    any order. What another does not deliver, for whatever reason, is done here: results depend neither on
    the number of processes nor on what becomes of them. They have to be small enough for a pipe: what is not
    asked for yet waits there. work: of a module, where a fresh interpreter may have to find it.
    """
    beside = min(beside, len(pieces) - 1)
    shares = [(work, pieces, range(turn, len(pieces), beside)) for turn in range(beside)]
    with workers(_do_share, shares) as started:
        yield lambda: _join_in(work, pieces, started)


def _do_share(send: Send, work: Callable[[Piece], object], pieces: Sequence[Piece], share: range) -> None:
    for index in share:
        send((index, work(pieces[index])))


def _join_in(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], started: list[Worker]
) -> Iterator[tuple[int, Result]]:
    """Results as they come; this process does what is not there when it gets to it."""
    done: set[int] = set()
    for own in reversed(range(len(pieces))):
        for _, answers in started:
            with suppress(EOFError, OSError):  # it has done its share, or was killed
                while answers.poll():
                    index, result = answers.recv()
                    if index not in done:
                        done.add(index)
                        yield index, result
        if own not in done:
            done.add(own)
            yield own, work(pieces[own])


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
