"""Judges all parts of a data set before anything is written of it, and keeps what they say."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast, overload

from anchoraudit.dataset.pieces import LeftOut, PieceFile, RewritableParts
from anchoraudit.io.in_order import InOrder
from anchoraudit.manifest.judging import require_no_whole
from anchoraudit.manifest.writing import nothing_left
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.fixing import EditStore, FileEdits, Fixed, Renumbered
from anchoraudit.partitions.leaving import Cleaned, Dropped, Dropping, cleaned
from anchoraudit.partitions.listing import Listed, Listing
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.plan import Plan
from anchoraudit.partitions.reading import InParts


@dataclass(frozen=True)
class Cleaning:
    """What every worker gets that judges."""

    job: Job
    dropping: Dropping


class Kept(NamedTuple):
    """What parts say, kept on the disk: what is left out, which images go, what is replaced, what changes."""

    store: Store
    listing: Listing
    edits: EditStore
    changes: InOrder

    @classmethod
    def of(cls, folder: Path, ids: Renumbered, listed: Listed | None = None) -> Kept:
        """Keep it in files of a folder. ids: those of classes. listed: the table of the images that go."""
        edits = EditStore(folder, ids.new)
        return cls(Store(folder), Listing(listed, folder), edits, InOrder(folder, "changes"))


class Judging:
    """Judges all parts, and adds up what becomes of them."""

    def __init__(self, cleaning: Cleaning, kept: Kept, reading: InParts) -> None:
        self._cleaning, self._kept, self._reading = cleaning, kept, reading
        self.fixed = Fixed()
        self._stays: Partial | None = None
        self.images = self.boxes = 0
        self.dropped = Dropped({}, {})
        self.image_folder = ""

    def run(self, engine: Engine) -> None:
        """Judge them."""
        job = self._cleaning.job
        tasks = job.plan.tasks
        for done, (index, found) in enumerate(engine.each(_clean, self._cleaning, tasks), 1):
            if isinstance(found, Failed):
                stays = job.failed(tasks[index], found)
            else:
                stays = found.stays
                self.images, self.boxes = self.images + found.images, self.boxes + found.boxes
                self.dropped += found.dropped
                self.image_folder = self.image_folder or found.image_folder
                self._kept.store.put(tasks[index], found.left_out)
                self._kept.listing.put(found.listed)
                self._kept.edits.put(found.edits)
                self._kept.changes.put(found.changes)
                self.fixed += found.fixed
            self._stays = stays if self._stays is None else self._stays + stays
            self._reading.done("judging", done, len(tasks))

    def stays(self) -> Partial:
        """Return the audit of what stays."""
        assert self._stays is not None  # a plan has a part
        return self._stays

    def require_clean(self, target: Path) -> None:
        """Raise AnchorauditError if nothing is left, or if what is left has an error."""
        left = self.stays()
        counts = left.summary()
        if counts["images"] <= counts["verdicts"].get("unknown", 0) and not left.failed:
            raise nothing_left(self.images, target, "empty_foreground" in self.dropped.images)
        self.require_no_error()

    def require_no_error(self) -> None:
        """Raise AnchorauditError if what is left has an error that is about no single image or box."""
        left = self.stays()
        findings = left.findings
        errors = [
            finding
            for code in findings.counts
            if findings.rule(code).severity == "error" and not findings.rule(code).verdict
            for finding in findings.of(code)
        ]
        require_no_whole(errors, left.dataset.root)


def _clean(cleaning: Cleaning, part: int) -> Cleaned:
    return cleaned(cleaning.job, cleaning.dropping, part)


class Store:
    """What is left out of the files, in a folder that goes with the run: so memory does not grow with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts_of: dict[str, list[int]] = {}

    def put(self, part: int, left_out: Mapping[str, LeftOut]) -> None:
        """Keep what a part says is left out of files."""
        if left_out:
            self._path(part).write_bytes(pickle.dumps(dict(left_out)))
        for name in left_out:
            self._parts_of.setdefault(name, []).append(part)

    def get(self, name: str) -> LeftOut:
        """Return what is left out of a file."""
        parts = self._parts_of.get(name, ())
        return LeftOut.of([pickle.loads(self._path(part).read_bytes())[name] for part in parts])

    def _path(self, part: int) -> Path:
        return self._folder / f"{part}.pickle"


class File(NamedTuple):
    """A file with its number, with what is left out of it, and what is replaced in it."""

    number: int
    file: PieceFile
    left_out: LeftOut
    edits: FileEdits | None


class Files(Sequence[File]):
    """The files with what is left out of each, read when its turn comes, and what is replaced in it."""

    def __init__(self, plan: Plan, store: Store, edits: EditStore | None = None) -> None:
        """Take the files of a data set that can be read. edits: None where nothing is replaced."""
        every = enumerate(cast(RewritableParts, plan.parts).outputs)
        self._numbered = [(number, file) for number, file in every if not {*file.pieces} & {*plan.failed}]
        self.names = [file for _, file in self._numbered]
        self._store, self._edits = store, edits

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> File: ...
    @overload
    def __getitem__(self, index: slice) -> list[File]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        number, file = self._numbered[index]
        edits = None if self._edits is None else self._edits.of(number)
        return File(number, file, self._store.get(file.name), edits)
