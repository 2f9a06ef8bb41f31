"""What takes long says what it does and how far it is. The command line shows it; others need not listen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Listener(Protocol):
    """Who is told."""

    def hear(self, what: str, done: int, of: int, *, holds: bool) -> None:
        """Take what `step` says."""
        ...

    def hush(self) -> None:
        """Show nothing until the next step."""
        ...


_listeners: list[Listener] = []


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Tell `listener` of all steps within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def is_heard() -> bool:
    """Tell whether anybody listens."""
    return bool(_listeners)


def step(what: str, done: int = 0, of: int = 0, *, holds: bool = False) -> None:
    """Say what is done now, as "reading label files", and that `done` of `of` are done; 0 where nobody knows.

    holds: it holds the interpreter for seconds, so that no other thread could show it later.
    """
    if _listeners:
        _listeners[-1].hear(what, done, of, holds=holds)


def counted(results: Iterable[Result], what: str, of: int, *, each: int) -> Iterator[Result]:
    """Say after each result how much is done. each: how many of the things that are counted a result has."""
    for number, result in enumerate(results, 1):
        step(what, min(number * each, of), of)
        yield result


def hush() -> None:
    """Say that something is printed now: what is shown of a step must not stand in the same line."""
    if _listeners:
        _listeners[-1].hush()
