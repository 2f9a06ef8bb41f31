"""The bar on stderr: what a command does and how far it is, once it has taken a moment."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from anchoraudit.io.signals import at_signal
from anchoraudit.io.steps import heard_by

_PATIENCE = 0.3  # seconds before a command shows anything: most take less
_BETWEEN = 0.1  # seconds from one look of the bar to the next
_CELLS = 24
_NARROWEST, _USUAL = 20, 80  # columns of a terminal in which a bar is shown


class Bar:
    """Shows the step that was heard last in one line of a terminal, and takes it away again.

    A thread repaints it, for steps that say nothing while they last. What is written goes to the system at
    once, without a lock of Python's that a process forked meanwhile would inherit.
    """

    def __init__(self, terminal: int) -> None:
        """Show steps on a terminal. terminal: its file descriptor."""
        self._terminal = terminal
        self._owner = os.getpid()
        self._begun = self._since = monotonic()
        self._painted = 0.0
        self._step: tuple[str, int, int] | None = None
        self._shown = 0  # columns
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show steps within the block."""
        thread = threading.Thread(target=self._repaint, daemon=True)
        with at_signal(self._take_away), heard_by(self):
            thread.start()
            try:
                yield
            finally:
                self._ended.set()
                self.hush()

    def hear(self, what: str, done: int, of: int, *, holds: bool) -> None:
        """Show a step. Forked processes show nothing."""
        if os.getpid() != self._owner:
            return
        before, self._step = self._step, (what, done, of)
        if before is None or before[0] != what:
            self._since = monotonic()
        if holds or self._is_due():
            self._paint()

    def hush(self) -> None:
        """Take the bar away until the next step."""
        if os.getpid() == self._owner:
            with self._lock:
                self._step = None
                self._take_away()
                self._shown = 0

    def _is_due(self) -> bool:
        now = monotonic()
        return now - self._begun > _PATIENCE and now - self._painted > _BETWEEN

    def _repaint(self) -> None:
        while not self._ended.wait(_BETWEEN):
            if self._is_due():
                self._paint()

    def _paint(self) -> None:
        with self._lock, suppress(OSError):
            columns = os.get_terminal_size(self._terminal).columns or _USUAL  # 0 where nobody knows
            if self._step is None or self._ended.is_set() or columns < _NARROWEST:
                return
            text = _line(*self._step, monotonic() - self._since)[: columns - 1]
            os.write(self._terminal, f"\r{text:<{min(self._shown, columns - 1)}}".encode())
            self._shown, self._painted = len(text), monotonic()

    def _take_away(self) -> None:
        """Remove what is shown. Also called by the handler of a signal, so it takes no lock."""
        if self._shown:
            with suppress(OSError):
                os.write(self._terminal, f"\r{' ' * self._shown}\r".encode())


def _line(what: str, done: int, of: int, seconds: float) -> str:
    """Return the text of the bar. Of a single thing it says how long that has taken."""
    if of <= 1:
        return f"{what} ... {seconds:.0f} s"
    cells = min(done, of) * _CELLS // of
    return f"{what}  [{'#' * cells}{' ' * (_CELLS - cells)}]  {done:,} of {of:,}"


@contextmanager
def shown(*, quiet: bool) -> Iterator[None]:
    """Show the steps of a command within the block: on a terminal only, and to nobody in a CI job."""
    if quiet or not _on_terminal():
        yield
        return
    with Bar(sys.stderr.fileno()).running():
        yield


def with_bar(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command's function that shows its steps, unless its option `quiet` is given."""
    if isinstance(callback, _Shows):  # the command was asked for before
        return callback
    return functools.wraps(callback)(_Shows(callback))


class _Shows:
    def __init__(self, callback: Callable[..., Any]) -> None:
        self._callback = callback

    def __call__(self, *args: Any, **given: Any) -> Any:
        with shown(quiet=bool(given.get("quiet"))):
            return self._callback(*args, **given)


def _on_terminal() -> bool:
    with suppress(AttributeError, OSError, ValueError):  # a stream that is closed, or none
        known = os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        return known and sys.stdout.isatty() and os.isatty(sys.stderr.fileno())
    return False
