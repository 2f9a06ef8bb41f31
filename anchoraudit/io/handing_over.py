"""Hands arrays from a process to the one that forked it: through memory of both, not through a pipe.

A pipe holds 64 kB, so that both processes would take turns to copy.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

_ALIGNED = 64  # bytes: a line of a processor's cache


class Handed(NamedTuple):
    """What was written. spans: of each value, where its arrays are. heads: of each, the rest, pickled."""

    heads: tuple[bytes, ...]
    spans: tuple[tuple[tuple[int, int], ...], ...]


@contextmanager
def shared_memory() -> Iterator[int | None]:
    """Make memory that this process and those that it forks can write to. None where there is none."""
    try:
        handle = os.memfd_create("anchoraudit")
    except (AttributeError, OSError):  # not Linux, or not allowed
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


class Outgoing:
    """Values for the process that forked this one. Each is written at once, so that it need not be kept.

    handle: of the memory, which one process uses once. None: everything is in what is sent.
    """

    def __init__(self, handle: int | None) -> None:
        self._handle = handle
        self._end = 0
        self._heads: list[bytes] = []
        self._spans: list[tuple[tuple[int, int], ...]] = []

    def put(self, value: Any) -> None:
        """Write the arrays of a value. Raises OSError if there is not enough memory."""
        buffers: list[pickle.PickleBuffer] = []
        kept = None if self._handle is None else buffers.append
        self._heads.append(pickle.dumps(value, protocol=5, buffer_callback=kept))
        spans = []
        for buffer in buffers:
            with buffer.raw() as view:
                spans.append((self._end, self._end + len(view)))
                assert self._handle is not None
                _write(self._handle, view, self._end)
                self._end += -(-len(view) // _ALIGNED) * _ALIGNED
        self._spans.append(tuple(spans))

    def handed(self) -> Handed:
        """Return what is to be sent to the other process. It is small if the arrays are in memory of both."""
        if self._handle is not None:
            os.truncate(self._handle, self._end)  # an empty array at the end has no bytes to write
        return Handed(tuple(self._heads), tuple(self._spans))


def take_over(handed: Handed, handle: int | None) -> Iterator[Any]:
    """Yield the values that another process wrote, in its order. Their arrays stay in that memory.

    Raises OSError if it cannot be mapped.
    """
    end = max((end for spans in handed.spans for _, end in spans), default=0)
    view = memoryview(b"" if handle is None or not end else mmap.mmap(handle, end))
    for head, spans in zip(handed.heads, handed.spans, strict=True):
        yield pickle.loads(head, buffers=[view[start:stop] for start, stop in spans])


def _write(handle: int, view: memoryview, at: int) -> None:
    while len(view):
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written
