"""Makes stdout and stderr streams whose state never decides how a run ends.

A pipe may lose its reader (`| head`), a disk may be full, a shell may have closed the stream (`>&-`). The run
goes on: its files are written, and its exit code says what it found. Only a report that stdout could not take
is an error, which the command line asks for at the end.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Kept(io.FileIO):
    """The descriptor of a stream, which takes everything. `lost` says why a part was not written."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(stream.fileno(), "w", closefd=False)
        self.lost: OSError | None = None
        self._owner = stream  # closes the descriptor when nobody holds it any more

    def write(self, data: ReadableBuffer, /) -> int:
        """Write the bytes, or lose them after an error. Return how many they are."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while self.lost is None and len(rest):
            try:
                written = super().write(rest)
            except OSError as error:
                self.lost = error
                break
            if written is None:  # another program has set the pipe not to block
                select.select([], [self.fileno()], [])
            else:
                rest = rest[written:]
        return size


def open_all() -> None:
    """Open what is closed of the descriptors 0 to 2, so that no file of the run takes its place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest one that is free


def prepare() -> None:
    """Replace stdout and stderr of this process by streams that raise no error. Others' streams stay.

    Letters that the encoding lacks are escaped.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if type(stream) is io.TextIOWrapper and type(_raw(stream)) is io.FileIO:
                setattr(sys, name, _kept(stream))


def lost_of_stdout() -> OSError | None:
    """Return why a part of what was printed is lost. None if nothing is, or if nobody reads any further."""
    sys.stdout.flush()
    lost = getattr(_raw(sys.stdout), "lost", None)
    return lost if isinstance(lost, OSError) and lost.errno != errno.EPIPE else None


def _kept(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    raw = _Kept(stream)
    try:
        stream.flush()
    except OSError as error:
        raw.lost = error
    buffered = isinstance(stream.buffer, io.BufferedWriter)  # not under `python -u`
    return io.TextIOWrapper(
        io.BufferedWriter(raw) if buffered else raw,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _raw(stream: TextIO) -> object:
    """Return what is below the buffer of a stream, if it has one; unbuffered streams have none."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)
