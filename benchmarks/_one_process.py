"""Audits a data set part by part in one process: what engines with several processes are compared with."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from anchoraudit import audit_partitions, merge
from anchoraudit.io.memory import reuse_freed
from anchoraudit.partitions.engines import attempted


class ThisProcess:
    """An engine without any other process. It takes care of memory as the processes of others do."""

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Do one task after the other."""
        reuse_freed()
        gc.freeze()
        for index, task in enumerate(tasks):
            yield index, attempted(work, common, task)
            gc.collect()


if __name__ == "__main__":
    merge(audit_partitions(sys.argv[1], engine=ThisProcess())).summary()
