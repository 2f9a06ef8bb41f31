"""The engine of this machine: a process for each part, as many at a time as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.processes import cores, each_apart
from anchoraudit.partitions.engines import ATTEMPTS, Failed, attempted

NAME = "local"


class LocalEngine:
    """Does each task in a process of its own, whose memory ends with it."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Yield (index, `work(common, task)`) for each task, in any order; a `Failed` for one that failed."""
        killed = Failed(
            f"its process was killed {ATTEMPTS} times, perhaps for want of memory: give smaller parts "
            "(--memory), or fewer of them at a time"
        )
        for index, result in each_apart(partial(attempted, work, common), tasks, self._workers, ATTEMPTS):
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
