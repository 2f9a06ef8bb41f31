"""`filter --diff` part by part: what would change, in the order of the files, without writing it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import merge
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import cast

from anchoraudit.dataset.pieces import RewritableParts
from anchoraudit.fixes import Change
from anchoraudit.io.in_order import InOrder
from anchoraudit.io.outputs import scratch_folder
from anchoraudit.manifest.keeping import DEFAULT_DROP, require_verdicts
from anchoraudit.manifest.writing import require_room_for_fixes
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.changes import FileDiffer
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.fixing import Fixing, remarks_on, renumbered
from anchoraudit.partitions.judging import Cleaning, File, Files, Judging, Kept
from anchoraudit.partitions.leaving import Dropping
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.rewritable import require_no_columns_of_splits, rewritable
from anchoraudit.partitions.settings import Settings

# A box that changes takes about a kilobyte in the process that finds it, and again in this one.
_WEIGHT = 4


@dataclass(frozen=True)
class Difference:
    """What would change. changes: in order; they can be gone through once, as long as the context lasts.

    images: how many there are. audit: of what would be written. remarks: what cannot be fixed.
    """

    changes: Iterator[Change]
    images: int
    audit: Partial
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Looking:
    """What every worker gets that looks how entries are written. folder: for what it finds."""

    parts: RewritableParts
    folder: Path
    paths: tuple[str, ...]


@contextmanager
def differences(
    reading: InParts,
    output: Path | None,
    settings: Settings,
    *,
    drop: tuple[str, ...] = DEFAULT_DROP,
    keep_blank: bool = False,
    fixing: Fixing | None = None,
) -> Iterator[Difference]:
    """Tell what `filter_partitions` would change.

    All as of that. output: where it would be written, for messages; None if nobody said.

    Raises AnchorauditError if the data set is read whole, or if there is an error that is about no single
    image or box.
    """
    require_verdicts(drop)
    with replace(reading, weight=_WEIGHT).planned() as (running, plan), scratch_folder() as scratch:
        root = plan.skeleton.root
        parts = rewritable(plan.parts, root, output or root)
        require_no_columns_of_splits(reading, plan.skeleton.sources)
        if fixing is not None:
            require_room_for_fixes(output or root, is_table=not plan.skeleton.has_entries)
        ids = renumbered(plan, running, fixing)
        kept = Kept.of(scratch, ids)
        dropping = Dropping(drop, keep_blank, fixing=fixing, told=True)
        judging = Judging(Cleaning(Job.of(ids.plan, settings), dropping), kept, reading)
        judging.run(running)
        judging.require_no_error()
        found = [kept.changes]
        if plan.skeleton.has_entries:
            paths = tuple(str(source.path) for source in plan.skeleton.sources)
            looking = _Looking(parts, scratch, paths)
            files = Files(plan, kept.store, kept.edits)
            found += _looked(running, looking, files, reading)
        rows = merge(found[0], chain.from_iterable(found[1:]), key=itemgetter(0))
        changes = (cast(Change, change) for _, change in rows)
        yield Difference(changes, judging.images, judging.stays(), tuple(remarks_on(judging.fixed, ids)))


def _looked(engine: Engine, looking: _Looking, files: Files, reading: InParts) -> list[InOrder]:
    """Return what changes in each file, in their order. Raises AnchorauditError if one cannot be read."""
    made: dict[int, InOrder] = {}
    for done, (index, found) in enumerate(engine.each(_look, looking, files), 1):
        if isinstance(found, Failed):
            raise found.error
        made[index] = found
        reading.done("comparing", done, len(files))
    return [made[index] for index in range(len(files))]


def _look(looking: _Looking, task: File) -> InOrder:
    assert task.edits is not None
    rows = InOrder(looking.folder, f"changes-of-{task.number}-{os.getpid()}")
    differ = FileDiffer(task.number, looking.paths[task.number], task.edits, rows)
    looking.parts.rewrite(task.file, task.left_out, _Nowhere(), differ)
    rows.spill()
    return rows


class _Nowhere:
    """Takes bytes that nobody wants."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Forget bytes."""
        return len(data)
