"""Reading as large data are read: in parts, as on many cores, but all in this process, and tables by pyarrow.

What other processes would do is done here, and what they would send goes through pickle. So the ways that
only large data take can be tried on small data, thousands of times.
"""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

from anchoraudit.partitions.engines import attempted
from tests.watch import looking_away

# Modules that ask how many processes save time.
_ASKING = ("formats.coco.chunks", "formats.coco.segmentations", "formats.voc.pool", "advice.compare")


class _Sent:
    """The parent's end of a pipe whose other end is closed already."""

    def __init__(self, values: list[bytes]) -> None:
        self._values = values

    def poll(self) -> bool:
        return True  # as at the end of a pipe

    def recv(self) -> Any:
        if not self._values:
            raise EOFError
        with looking_away():
            return pickle.loads(self._values.pop(0))

    def close(self) -> None:
        pass


@contextmanager
def _workers(
    work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]
) -> Iterator[list[tuple[None, _Sent]]]:
    started = []
    for own in arguments:
        sent: list[bytes] = []

        def send(value: Any, sent: list[bytes] = sent) -> None:
            sent.append(pickle.dumps(value))

        collecting = gc.isenabled()
        try:
            work(send, *own)
        finally:
            if collecting:  # a process that only reads switches it off
                gc.enable()
        started.append((None, _Sent(sent)))
    yield started


class InThisProcess:
    """An engine that does the tasks here, the last first. What goes to a worker and back is pickled."""

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        for index in reversed(range(len(tasks))):
            yield index, self.done(work, common, tasks[index])

    def done(self, work: Callable[[Any, Any], Any], common: Any, task: Any) -> Any:
        sent = pickle.loads(pickle.dumps((common, task)))
        return pickle.loads(pickle.dumps(attempted(work, *sent)))


@contextmanager
def tables_of_cells() -> Iterator[None]:
    """Within the block, boxes are looked up by the cells of their sizes, however few they are."""
    cells = import_module("anchoraudit.encoding.iou.size_cells")
    with mock.patch.object(cells, "_WORTH_A_TABLE", 0):
        yield


@contextmanager
def reading_in_parts() -> Iterator[None]:
    """Within the block, all that can be read in parts is, whatever its size."""
    with ExitStack() as stack:
        for name in _ASKING:
            module = import_module(f"anchoraudit.{name}")
            stack.enter_context(mock.patch.object(module, "helpers", lambda *_, **__: 1))
        processes = import_module("anchoraudit.io.processes")
        chunks = import_module("anchoraudit.formats.coco.chunks")
        for module in (processes, chunks):
            stack.enter_context(mock.patch.object(module, "workers", _workers))
        stack.enter_context(mock.patch.object(chunks, "WORTH_IT", 0))
        voc = import_module("anchoraudit.formats.voc.pool")
        stack.enter_context(mock.patch.object(voc, "FILES_A_CHUNK", 1))
        tables = import_module("anchoraudit.formats.table.csv_file")
        stack.enter_context(mock.patch.object(tables, "_WORTH_ARROW", 0))
        stack.enter_context(tables_of_cells())
        yield
