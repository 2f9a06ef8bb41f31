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
    """What `hand_over` wrote. spans: where each array is. head: the rest, pickled."""

    head: bytes
    spans: tuple[tuple[int, int], ...]


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


def hand_over(value: Any, handle: int | None) -> Handed:
    """Write the arrays of a value to shared memory. The result is small, and is sent to the other process.

    handle: of the memory, which one process uses once. None: everything is in the result.

    Raises OSError if there is not enough memory.
    """
    if handle is None:
        return Handed(pickle.dumps(value, protocol=5), ())
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    spans, at = [], 0
    for buffer in buffers:
        with buffer.raw() as view:
            spans.append((at, at + len(view)))
            _write(handle, view, at)
            at += -(-len(view) // _ALIGNED) * _ALIGNED
    os.truncate(handle, at)  # an empty array at the end has no bytes to write
    return Handed(head, tuple(spans))


def take_over(handed: Handed, handle: int | None) -> Any:
    """Return the value whose arrays another process wrote. They stay in that memory.

    Raises OSError if it cannot be mapped.
    """
    end = max((end for _, end in handed.spans), default=0)
    if handle is None or not end:
        return pickle.loads(handed.head, buffers=[b"" for _ in handed.spans])
    view = memoryview(mmap.mmap(handle, end))
    return pickle.loads(handed.head, buffers=[view[start:stop] for start, stop in handed.spans])


def _write(handle: int, view: memoryview, at: int) -> None:
    while len(view):
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written
