"""Numbered pieces of work that several processes share: each piece is taken once."""

from __future__ import annotations

import os
from collections.abc import Iterator

# Every system's pipe holds so many bytes, so that writing them never waits.
_PIPE = 4096
_BYTES = 2  # of a number
MOST = _PIPE // _BYTES


class Turns:
    """The numbers from 0 to below `count`, at most `MOST`, each of which one process gets.

    The process that made them takes them from the front, those that it forks from the back. So whoever is
    faster takes more, and all finish together. Nothing is locked, and a process that dies hinders nobody.

    >>> turns = Turns(3)
    >>> list(turns.from_front()), list(turns.from_back())
    ([0, 1, 2], [])
    >>> turns.close()
    """

    def __init__(self, count: int) -> None:
        # Who has read a byte from the first pipe may take one piece, whichever is next on its side. The other
        # processes find out from the second pipe which one that is.
        self._allowed = _pipe_with(bytes(count))
        self._back = _pipe_with(b"".join(number.to_bytes(_BYTES, "big") for number in reversed(range(count))))
        self._front = 0

    def from_front(self) -> Iterator[int]:
        """Yield what this process shall do, for the process that made these turns."""
        while os.read(self._allowed, 1):
            self._front += 1
            yield self._front - 1

    def from_back(self) -> Iterator[int]:
        """Yield what this process shall do, for any other process."""
        while os.read(self._allowed, 1):
            yield int.from_bytes(os.read(self._back, _BYTES), "big")

    def stop(self) -> None:
        """Leave nothing to do for any process."""
        while os.read(self._allowed, _PIPE):
            pass

    def close(self) -> None:
        """Close the pipes, in the process that made them."""
        os.close(self._allowed)
        os.close(self._back)


def _pipe_with(data: bytes) -> int:
    """Return the end of a pipe from which these bytes are read, and then nothing."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader
