"""How much of large files is looked at to recognise a format: a little first, more if that tells nothing.

All formats are asked with the first of `STEPS`. Those that could tell nothing yet of a file that none has
recognised are asked again with the next one, unless a format is sure of the data set by then. So a large file
costs nothing if its beginning says what it is, and is recognised if only its end does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

STEPS = (1 << 14, 1 << 20, 1 << 30)  # bytes of a file
_ALL = 1 << 31  # bytes of all files together: two to four seconds


@dataclass(slots=True)
class Looking:
    """What came of looking at files.

    most: bytes of each that are looked at. recognised: the paths of those that a format has recognised.
    left: of those of which so many bytes did not tell. room: bytes that may still be looked at.
    """

    most: int = STEPS[-1]
    recognised: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    room: int = _ALL

    def may_take(self, size: int) -> bool:
        """Tell whether so many bytes more may be looked at, and count them."""
        self.room -= min(size, self.most)
        return self.room >= 0


_NOW: ContextVar[Looking | None] = ContextVar("_NOW", default=None)


def now() -> Looking:
    """Return what a look at a file is a part of; by itself, it takes all steps."""
    return _NOW.get() or Looking()


@contextmanager
def looking() -> Iterator[Looking]:
    """Make what is looked at part of one."""
    token = _NOW.set(own := Looking(STEPS[0]))
    try:
        yield own
    finally:
        _NOW.reset(token)
