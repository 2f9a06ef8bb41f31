"""What a command will do anyway, done while it would only wait for another process: imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_noted: list[Callable[[], None]] = []


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Note work that may be done within the block, once or not at all. It must change no answer."""
    _noted.append(work)
    try:
        yield
    finally:
        if work in _noted:
            _noted.remove(work)


def work_meanwhile() -> None:
    """Do what was noted. Called before this process waits for another one."""
    while _noted:
        _noted.pop()()
