"""The engine of this machine: a process for a few parts, as many at a time as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.processes import cores, each_apart
from anchoraudit.partitions.engines import ATTEMPTS, Failed, attempted

NAME = "local"
# What one part leaves behind in its process, the next one uses again. Nothing was seen to pile up in so many.
_IN_A_ROW = 32


class LocalEngine:
    """Does a few tasks in a process, whose memory ends with it."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Yield (index, `work(common, task)`) for each task, in any order; a `Failed` for one that failed."""
        killed = Failed(
            f"its process was killed {ATTEMPTS} times, perhaps for want of memory: give smaller parts "
            "(--memory), or fewer of them at a time"
        )
        found = each_apart(
            partial(attempted, work, common), tasks, self._workers, ATTEMPTS, in_a_row=_IN_A_ROW
        )
        for index, result in found:
            yield index, killed if result is None else result


@contextmanager
def engine(workers: int | None, scheduler: str) -> Iterator[LocalEngine]:
    """Give the engine. Raises AnchorauditError for a scheduler: this engine has none."""
    if scheduler:
        raise AnchorauditError(
            f"--scheduler {scheduler} with the engine local, which has none",
            remedy="Add --engine dask.",
        )
    yield LocalEngine(workers or cores())
