"""Helper processes that work beside this one.

They never disturb the user: on Ctrl-C they end without a message, and if one dies, this process does its
work.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Literal, TypeVar, cast

from anchoraudit.io.memory import reuse_freed
from anchoraudit.io.signals import at_signal, held

Send = Callable[[Any], None]
Worker = tuple[BaseProcess, Connection]
Piece = TypeVar("Piece")
Result = TypeVar("Result")

# A machine is busy with this many running or waiting processes a core (its load). Each process then has at
# most half a core, so that another one costs more time to start than it saves.
_BUSY = 2


def can_fork() -> bool:
    """Tell whether this process can fork, which makes a second process cheap.

    Only on Linux: on macOS system libraries break in a forked child, and Windows has no fork. Not in a daemon
    process, which may have no children.
    """
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_busy() -> bool:
    """Tell whether the machine has so much to do that one more process would not save time."""
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has no load average
        return False
    return load >= _BUSY * (os.cpu_count() or 1)


def helpers(amount: int, *, fork: int, spawn: int | None = None) -> int:
    """Return how many processes beside this one save time: one for each other core, or 0.

    amount: of work, in any unit. fork, spawn: the least amounts for which a fork (some 5 ms) or a fresh
    interpreter (half a second) saves time; None if it never does. Returns 0 in a daemon process, and on a
    busy machine.
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

    The block gets a function. Iterating over its result gives (index, result) of every piece once, in any
    order. The other processes start when the block is entered, and take pieces from the front. This process
    takes pieces from the back, once it iterates. So all finish together, whatever their speeds.

    If a process dies, this one does its pieces: the results do not depend on the number of processes. A
    result must be small enough for a pipe, where it waits until it is asked for. `work` must be a function of
    a module, so that a fresh interpreter can import it.
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
    """Yield results as they arrive. This process does each piece that has not arrived when its turn comes."""
    done: set[int] = set()
    for own in reversed(range(len(pieces))):
        for _, answers in started:
            with suppress(EOFError, OSError):  # the process has finished, or was killed
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

    What a worker sends arrives at its connection. Fewer processes may start than were asked for, and one may
    die before it has sent anything: the caller must do the work that is missing. All are ended with the
    block.
    """
    started: list[Worker] = []
    with at_signal(partial(_kill, started)), _ending(started):
        with _starting():
            for own in arguments:
                started.append(_start(work, own))  # noqa: PERF401  those before an error count
        yield started


@dataclass(slots=True)
class _Row:
    """The pieces of a process that does several, one after the other.

    given: the index and attempt of each piece that it has not answered; it works on the first one. more: how
    many it may still be given.
    """

    worker: Worker
    indices: Connection
    given: deque[tuple[int, int]]
    more: int

    def give(self, piece: tuple[int, int]) -> bool:
        """Give it one more piece. Returns False if it is dead."""
        with suppress(OSError):
            self.indices.send(piece[0])
            self.given.append(piece)
            self.more -= 1
            return True
        return False


def each_apart(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    at_once: int,
    attempts: int = 3,
    *,
    in_a_row: int = 1,
) -> Iterator[tuple[int, Result | None]]:
    """Do `work` on every piece in other processes, so that its memory ends with them.

    at_once: how many processes there are at a time, besides this one. in_a_row: how many pieces one process
    does at most, one after the other: to start and end one, and to get its memory from the system, takes some
    80 ms. Yields (index, result) in any order; None for a piece at which `attempts` processes died. `work`
    must be a function of a module. Where no process can be started, this one does the work.
    """
    waiting = deque((index, 1) for index in range(len(pieces)))
    running: dict[Connection, _Row] = {}
    started: list[Worker] = []
    with at_signal(partial(_kill, started)), _ending(started):
        while waiting or running:
            while waiting and len(running) < at_once:
                first = waiting.popleft()
                if (row := _started(work, pieces, first, in_a_row - 1, started)) is not None:
                    running[row.worker[1]] = row
                    continue
                waiting.appendleft(first)
                if running:
                    break
                index, _ = waiting.popleft()
                yield index, work(pieces[index])
            for row in running.values():
                # So that it need not wait for the next one. The last ones go to whoever is free first.
                if len(row.given) == 1 and len(waiting) > at_once:
                    _give_next(row, waiting)
            for receiver in cast(list[Connection], wait(list(running))):
                row = running[receiver]
                sent: list[Result] = []
                with suppress(EOFError, OSError):  # it was killed
                    sent.append(receiver.recv())
                index, attempt = row.given.popleft()
                if not sent or not (row.given or _give_next(row, waiting)):  # it is dead, or has done all
                    del running[receiver]
                    row.indices.close()
                    with _sigint_blocked():
                        started.remove(row.worker)
                        row.worker[0].kill()
                        _end(*row.worker)
                    waiting.extendleft(reversed(row.given))
                if sent or attempt == attempts:
                    yield index, sent[0] if sent else None
                else:
                    waiting.append((index, attempt + 1))


def _give_next(row: _Row, waiting: deque[tuple[int, int]]) -> bool:
    """Give a process the next piece, if it may have more. One at which a process died has its own."""
    if not (row.more and waiting and waiting[0][1] == 1) or not row.give(waiting[0]):
        return False
    waiting.popleft()
    return True


def _started(
    work: Callable[[Piece], object],
    pieces: Sequence[Piece],
    first: tuple[int, int],
    more: int,
    started: list[Worker],
) -> _Row | None:
    """Start a process for a piece, and note it. None if the system allows no more processes.

    more: how many others it may be given.
    """
    if multiprocessing.current_process().daemon:
        return None
    with _starting():
        receiver, sender = multiprocessing.Pipe(duplex=False)
        with receiver:
            worker = _start(_do_row, (work, pieces, first[0], receiver))
        started.append(worker)
        return _Row(worker, sender, deque([first]), more if first[1] == 1 else 0)
    return None


def _do_row(
    send: Send, work: Callable[[Piece], object], pieces: Sequence[Piece], index: int, indices: Connection
) -> None:
    """Do a piece, and then those whose indices come, until the parent ends this process or is gone."""
    reuse_freed()
    with suppress(EOFError):
        while True:
            send(work(pieces[index]))
            gc.collect()  # what is in cycles of a piece would stay until much else has been made
            index = indices.recv()


@contextmanager
def _starting() -> Iterator[None]:
    """Start processes within the block. It ends where the system allows no more: continue with fewer."""
    with held(), _sigint_blocked(), _without_main(), warnings.catch_warnings(), suppress(OSError):
        # Python warns about forking while threads run. The child is safe: it needs none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _start(work: Callable[..., None], own: tuple[Any, ...]) -> Worker:
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(cast(Literal["spawn"], method))  # typed as one of the two
    receiver, sender = context.Pipe(duplex=False)
    process: BaseProcess = context.Process(target=_run, args=(receiver, sender, work, own), daemon=True)
    process.start()
    sender.close()
    return process, receiver


def _kill(started: list[Worker]) -> None:
    for process, _ in started:
        process.kill()


@contextmanager
def _ending(started: list[Worker]) -> Iterator[None]:
    """End the workers with the block."""
    try:
        yield
    finally:
        with _sigint_blocked():  # a second Ctrl-C must not leave a worker behind
            _kill(started)
            while started:  # without names that outlive this block: Python loses a Ctrl-C in a destructor
                _end(*started.pop(0))


def _end(process: BaseProcess, receiver: Connection) -> None:
    receiver.close()
    process.join()


def _run(receiver: Connection, sender: Connection, work: Callable[..., None], own: tuple[Any, ...]) -> None:
    """Run in the worker: do the work, print nothing, and exit."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends the workers
        receiver.close()  # so that sending fails, and this process ends, when the parent is gone
        gc.freeze()  # to look at what the parent has would copy the memory it is in
        work(sender.send, *own)
    finally:
        os._exit(0)  # skip the parent's exit handlers and buffers, which the parent runs and writes itself


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Delay Ctrl-C within the block: it must not reach a worker before that ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())  # asks only
    try:
        # This call raises KeyboardInterrupt, with the signal blocked, if Ctrl-C came just before it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the user's script within the block, so that a fresh interpreter does not import and run it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
