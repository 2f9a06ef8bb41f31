"""Which data set is read part by part, and where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from anchoraudit.formats import ReadOptions, parts_of
from anchoraudit.formats._columns import Columns
from anchoraudit.io.addresses import path_of
from anchoraudit.partitions.cache import Cache, KeptIndices
from anchoraudit.partitions.engines import Engine, engine
from anchoraudit.partitions.memory import rows_of_part
from anchoraudit.partitions.plan import Plan, Progress, planned


@dataclass(frozen=True, slots=True)
class InParts:
    """A data set that is read part by part, by an engine. All as `audit_partitions` takes it.

    weight: how many times the memory of an audit a row takes.
    """

    source: str | PathLike[str]
    format: str = "auto"
    splits: tuple[str, ...] = ()
    image_folder: str | Path | None = None
    engine: str | Engine = "local"
    workers: int | None = None
    scheduler: str = ""
    memory: int | None = None
    progress: Progress | None = None
    cache: str | Path | None = None
    columns: Columns = ()
    weight: int = 1

    @contextmanager
    def planned(self) -> Iterator[tuple[Engine, Plan]]:
        """Start the engine, and index all pieces. The engine ends with the block.

        Raises AnchorauditError if no part can be read.
        """
        folder = None if self.image_folder is None else Path(self.image_folder)
        options = ReadOptions(splits=tuple(self.splits), image_folder=folder, columns=self.columns)
        with self._engine() as running:
            rows = max(rows_of_part(self.memory, self.workers) // self.weight, 1)
            root = path_of(self.source)
            parts = parts_of(root, rows, replace(options, at_once=self.workers), format=self.format)
            kept = None if self.cache is None else Cache(self.cache)
            indices = None if kept is None else KeptIndices(kept, self.format, options)
            plan = planned(parts, running, self.progress, indices)
            plan = replace(plan, at_once=rows)
            # As `read` does: what was named may be a pattern.
            plan.skeleton.root, plan.skeleton.partial = root, bool(self.splits)
            yield running, plan

    def done(self, what: str, done: int, of: int) -> None:
        """Tell how much of something is done."""
        if self.progress is not None:
            self.progress(what, done, of)

    def _engine(self) -> AbstractContextManager[Engine]:
        if isinstance(self.engine, str):
            return engine(self.engine, workers=self.workers, scheduler=self.scheduler)
        return nullcontext(self.engine)
