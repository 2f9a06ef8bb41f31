"""What a manifest is written to."""

from __future__ import annotations

from typing import Protocol


class Stream(Protocol):
    """A file, or something around it."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Write bytes."""
        ...
