"""What is done while the workers of an engine start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from anchoraudit.partitions.engines import Engine
from anchoraudit.partitions.engines.local import LocalEngine


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The engine local, which does tasks until another one is ready, which then does the rest.

    begin: has the other one start, in another process. is_ready: tells whether it has, without waiting.
    """

    first: LocalEngine
    then: Engine
    begin: Callable[[], None]
    is_ready: Callable[[], bool]

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Yield the results of tasks, as any engine does."""
        self.begin()
        left = dict(enumerate(tasks))
        with closing(self.first.each(work, common, tasks)) as found:  # what it has begun is ended
            while left and not self.is_ready():
                index, result = next(found)
                del left[index]
                yield index, result
        indices = list(left)
        for at, result in self.then.each(work, common, list(left.values())):
            yield indices[at], result
