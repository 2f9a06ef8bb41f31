"""What Ctrl-C, SIGTERM and SIGHUP do to the program: it tidies up, says so, and ends at once.

No exception is raised. It could come between a file's making and the `try` that removes it, a second one
could stop the removing, and Python swallows those that reach a destructor or a callback, as in the middle of
an import. So the handler itself does what is left to do, and ends the process.

This holds for the command line, which calls `install`. In a program that uses the library, signals do what
that program wants.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = "interrupted; no file was left half written"

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP

_Action = Callable[[], object]


class _State:
    """What the handler needs to know of this process.

    owner: the process that installed it; forks of it inherit the handler. arrived: the first signal.
    """

    owner = -1
    held = 0
    arrived = 0
    ending = False
    told = False
    actions: list[tuple[_Action, bool]] = []


def install() -> None:
    """Let the signals end this process in order. One that is ignored, as under `nohup`, stays ignored."""
    _State.owner = os.getpid()
    for number in _numbers():
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _handle)


@contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until the end of the block, which must be short.

    A mask would not do: the system gives a signal to any thread that does not block it, such as those of a
    numeric library, and Python then calls the handler in the main thread nevertheless.
    """
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        if _State.arrived and not _State.held:
            _end()


@contextmanager
def at_signal(action: _Action, *, optional: bool = False) -> Iterator[None]:
    """If a signal ends the process within the block, call `action` first, the last one before the others.

    It may be called in the middle of any line of the block, and again in the middle of itself, if a second
    signal comes. Its errors are ignored.

    optional: after all others, and not once there was a second signal: what takes time but may be left out.
    """
    entry = (action, optional)
    _State.actions.append(entry)
    try:
        yield
    finally:
        _State.actions.remove(entry)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _handle(number: int, _frame: FrameType | None) -> None:
    if os.getpid() != _State.owner:
        os._exit(128 + number)  # a worker: what is to be tidied up is its parent's
    _State.arrived = _State.arrived or number
    if not _State.held:
        _end()


def _end() -> None:
    """Tidy up and end the process. A second signal does the same from the start, within this call."""
    again, _State.ending = _State.ending, True
    for late in (False,) if again else (False, True):
        for action in [action for action, optional in reversed(_State.actions) if optional == late]:
            with suppress(Exception):
                action()
    told, _State.told = _State.told, True
    if not told:  # once: if nobody reads what is written, writing takes for ever
        with suppress(OSError, AttributeError, ValueError):
            os.write(sys.stderr.fileno(), f"{INTERRUPTED}\n".encode())
    os._exit(128 + _State.arrived)
