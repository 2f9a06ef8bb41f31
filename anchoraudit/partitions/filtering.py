"""`filter` part by part: a file in, a file out, without the images that teach nothing.

All parts are judged before anything is written, as an image may lie in several, and an error of the whole may
be in any. Then each file is written by itself: under another name that is changed once it is whole, or in one
upload. The list of the files comes last: where it is not there, the run has not come to its end.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import anchoraudit
from anchoraudit.certificates.document import MANIFEST, path_for
from anchoraudit.dataset.pieces import PieceFile, RewritableParts, Rewritten
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import stores
from anchoraudit.io.addresses import Address, is_address, path_of
from anchoraudit.io.outputs import (
    Hashed,
    make_folder,
    remove_left_over,
    scratch_folder,
    together,
    write_text,
)
from anchoraudit.io.packed import suffix_of, whole_suffix
from anchoraudit.io.signals import at_signal
from anchoraudit.manifest.keeping import DEFAULT_DROP, require_verdicts
from anchoraudit.manifest.writing import require_room_for_fixes
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.certifying import Certifying
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.fixing import (
    FileEditor,
    Fixed,
    Fixing,
    remarks_on,
    renumbered,
    with_ids,
)
from anchoraudit.partitions.judging import Cleaning, File, Files, Judging, Kept, Store
from anchoraudit.partitions.leaving import Dropped, Dropping
from anchoraudit.partitions.listing import Listed
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.rewritable import require_no_columns_of_splits, rewritable, to_read_it_whole
from anchoraudit.partitions.settings import Settings

_FORM = 1  # of the manifest
# Suffixes that no folder has.
_OF_FILES = (".json", ".txt", ".yaml", ".yml", ".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
_ALIASES = {"s3a": "s3", "gcs": "gs"}  # of addresses
_FIXING = 2  # times the memory of an audit: what is replaced is told entry by entry
_DYING = 1.0  # seconds: a worker that was killed may live so long


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A file that was written. name: its path below the output. sha256, bytes: of its content.

    Nothing was written of one whose bytes are 0: nobody could read what would have been left of it.
    unclipped: how many boxes could not be clipped, because their entries have none.
    """

    name: str
    rows: Rewritten
    sha256: str
    bytes: int
    unclipped: int = 0


@dataclass(frozen=True)
class FilteredParts:
    """What `filter_partitions` wrote.

    output: the folder, or the file. manifest: the list of the files. audit: of what was written. images,
    boxes: how many there were before. dropped: how many of them went, and why. parts: the files, in order.
    image_folder: where the images are whose size the table does not say; "" without one. certificate: that of
    the one file, or of the list. fixed: what was fixed; None where nothing was to be. remarks: what could
    not be.
    """

    output: Path
    manifest: Path
    audit: Partial
    images: int
    boxes: int
    dropped: Dropped
    parts: tuple[WrittenPart, ...]
    image_folder: str = ""
    certificate: Path | None = None
    fixed: Fixed | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Writing:
    """What every worker gets that writes."""

    parts: RewritableParts
    output: Path
    is_file: bool

    def target(self, name: str) -> Path:
        return self.output if self.is_file else stores.below(self.output, name)


def filter_partitions(
    reading: InParts,
    output: str | os.PathLike[str],
    settings: Settings,
    *,
    drop: tuple[str, ...] = DEFAULT_DROP,
    keep_blank: bool = False,
    replace: bool = False,
    listed: Listed | None = None,
    certify: bool = False,
    detector_chosen: bool = True,
    fixing: Fixing | None = None,
) -> FilteredParts:
    """Write a data set of many files without the images whose foreground mask is empty, and without errors.

    Parameters
    ----------
    reading : InParts
        The data set, and the engine.
    output : path
        A new folder, into which files of the same names go; a file, if the data set is one. Either may be at
        an address.
    settings : Settings
        The detector, and what else decides on verdicts and errors.
    drop : tuple of str
        The verdicts that go.
    keep_blank : bool
        Images without annotations stay.
    replace : bool
        Files of the same names in the output are replaced.
    listed : Listed, optional
        The table of the images that go.
    certify : bool
        A certificate is written, too: of the one file, or of the list of all.
    detector_chosen : bool
        Somebody named the detector, as the certificate says.
    fixing : Fixing, optional
        The fixes that are made first. Of COCO only: a table keeps its rows as they are.

    Returns
    -------
    FilteredParts
        What was written. Without a detector, only what has an error goes.

    Raises
    ------
    AnchorauditError
        If the data set is read whole; if the output is in the way; if there is an error that is about no
        single image or box, such as a part that cannot be read; or if nothing would be left. Then nothing is
        written.
    """
    require_verdicts(drop)
    target = path_of(output)
    if fixing is not None:
        reading = dataclasses.replace(reading, weight=_FIXING)
    dropping = Dropping(drop, keep_blank, listed=listed is not None, fixing=fixing)
    _require_uploads(target, *([listed.path] if listed is not None else []))
    with reading.planned() as (running, plan), scratch_folder() as scratch:
        parts = rewritable(plan.parts, plan.skeleton.root, target)
        require_no_columns_of_splits(reading, plan.skeleton.sources)
        files = Files(plan, Store(scratch)).names
        writing = _Writing(parts, target, stores.is_file(parts.root))
        manifest = (
            target.with_name(f"{target.name}.manifest.json")
            if writing.is_file
            else stores.below(target, MANIFEST)
        )
        certificate = path_for(target if writing.is_file else manifest) if certify else None
        _require_room(writing, manifest, files, replace=replace)
        _require_outside(plan.skeleton.root, target)
        if certificate is not None:
            _require_none_yet(certificate, replace=replace)
        if listed is not None:
            _require_apart(listed.path, writing, manifest, replace=replace)
        if fixing is not None:
            require_room_for_fixes(target, is_table=not plan.skeleton.has_entries)
        ids = renumbered(plan, running, fixing)
        job = Job.of(ids.plan, settings)
        certifying = Certifying(parts, job, chosen=detector_chosen) if certify else None
        if certifying is not None:
            certifying.look(running, reading)
        kept = Kept.of(scratch, ids, listed)
        judging = Judging(Cleaning(job, dropping), kept, reading)
        judging.run(running)
        judging.require_clean(target)
        if certifying is not None:
            certifying.require_foreground(judging.stays())
        stores.remove(manifest)  # from here on, the output is unfinished
        tasks = Files(plan, kept.store, None if fixing is None else kept.edits)
        with together():
            for folder in _folders(tasks, writing):
                make_folder(folder)
            with kept.listing.written():
                made = _written(running, writing, tasks, reading)
            if certifying is not None:
                certifying.look(running, reading)
        found = FilteredParts(
            target,
            manifest,
            judging.stays(),
            judging.images,
            judging.boxes,
            judging.dropped,
            tuple(made),
            judging.image_folder,
            certificate,
            None if fixing is None else with_ids(judging.fixed, ids),
            tuple(remarks_on(judging.fixed, ids)),
        )
        data = _manifest(found, parts.root).encode("utf-8", "backslashreplace")
        with together():
            if certifying is not None and certificate is not None:
                sha256, size = (made[0].sha256, made[0].bytes) if writing.is_file else _about(data)
                write_text(certificate, certifying.certificate(certificate, sha256, size, found.audit).text())
            with stores.written(manifest, own=False) as stream:
                stream.write(data)
    return found


def _require_uploads(*paths: Path) -> None:
    """Raise AnchorauditError if a file at one of these could be seen before all of it is there."""
    for path in paths:
        if isinstance(path, Address):
            from anchoraudit.io.remote import require_whole_uploads

            require_whole_uploads(path)


def _about(data: bytes) -> tuple[str, int]:
    """Return the SHA-256 of bytes, and their number."""
    from hashlib import sha256

    return sha256(data).hexdigest(), len(data)


def _folders(files: Files, writing: _Writing) -> list[Path]:
    """Return the folders of this machine that files are written into."""
    if is_address(writing.output):
        return []
    return sorted({writing.target(file.name).parent for file in files.names})


def _written(engine: Engine, writing: _Writing, files: Files, reading: InParts) -> list[WrittenPart]:
    """Write all files. Raises AnchorauditError for the first that cannot be."""
    folders = _folders(files, writing)
    made: dict[int, WrittenPart] = {}
    with at_signal(partial(_sweep, folders)):
        try:
            for done, (index, found) in enumerate(engine.each(_write, writing, files), 1):
                if isinstance(found, Failed):
                    raise found.error
                made[index] = found
                reading.done("writing", done, len(files))
        finally:
            _sweep(folders)
    return [made[index] for index in range(len(files))]


def _write(writing: _Writing, task: File) -> WrittenPart:
    file = task.file
    edit = None if task.edits is None else FileEditor(task.edits)
    target = writing.target(file.name)
    if not is_address(target):
        make_folder(target.parent)
    try:
        with stores.written(target) as stream:
            hashed = Hashed(stream)
            rows = writing.parts.rewrite(file, task.left_out, hashed, edit)
            if not hashed.bytes:
                raise _NothingLeft
    except _NothingLeft:
        stores.remove(target)  # of an earlier run
        return WrittenPart(file.name, rows, "", 0)
    unclipped = 0 if edit is None else edit.unclipped
    return WrittenPart(file.name, rows, hashed.sha256, hashed.bytes, unclipped)


class _NothingLeft(Exception):  # noqa: N818  it is no error
    """Nothing is left of a file, so that none is written."""


def _sweep(folders: Sequence[Path]) -> None:
    """Remove what workers that were killed have left unfinished."""
    end = time.monotonic() + _DYING
    while not all(list(map(remove_left_over, folders))) and time.monotonic() < end:
        time.sleep(0.01)


def _require_none_yet(certificate: Path, *, replace: bool) -> None:
    if not replace and stores.exists(certificate):
        raise AnchorauditError(
            "the output exists already", path=certificate, remedy="Use --force to replace it."
        )


def _require_outside(named: Path, target: Path) -> None:
    """Raise AnchorauditError if the output is in the folder that was named as the data set.

    Its files may be in another folder below it, but a scan of the named one would find two data sets.
    """
    if not stores.is_pattern(named) and _where(named) in _where(target).parents:
        raise AnchorauditError(
            f"the output is in the folder of the data set, {named}; a scan of that would read it, too",
            path=target,
            remedy="Name a place outside of it for the output.",
        )


def _require_room(writing: _Writing, manifest: Path, files: Sequence[PieceFile], *, replace: bool) -> None:
    """Raise AnchorauditError if the output touches the input, or would be mixed with other files."""
    source, target = writing.parts.root, writing.output
    ours, theirs = _where(source), _where(target)
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        raise AnchorauditError(
            "the output and the data set are in each other; inputs are never changed",
            path=target,
            remedy="Name another place for the output.",
        )
    suffix, own = whole_suffix(target), whole_suffix(source)
    if suffix != own if writing.is_file else suffix_of(target) in _OF_FILES:
        raise AnchorauditError(
            f"in parts, a {own} file becomes one"
            if writing.is_file
            else "in parts, the output is a folder with a file for each of the data set's",
            path=target,
            remedy=f"Name a {own} file."
            if writing.is_file
            else f"Name a folder, or {to_read_it_whole(source, target)} to write a manifest.",
        )
    if stores.is_folder(target) if writing.is_file else stores.is_file(target):
        raise AnchorauditError(
            "this is a folder" if writing.is_file else "this is no folder",
            path=target,
            remedy="Choose another name for the output.",
        )
    mine = {writing.target(file.name) for file in files} | {manifest}
    if not (writing.is_file or isinstance(manifest, Address)):
        mine.add(path_for(manifest))
    if writing.is_file:
        there = [path for path in mine if stores.exists(path)]
    else:
        found = stores.files_below(target)
        there = [path for path in found if path in mine]
        strange = [path for path in found if path not in mine and not path.name.startswith(".")]
        if strange:
            name = strange[0].relative_to(target).as_posix()
            raise AnchorauditError(
                f"other files are there, such as {name}; a scan would read them, too",
                path=target,
                remedy="Name a new folder for the output.",
            )
    if there and not replace:
        raise AnchorauditError(
            "the output exists already",
            path=min(there),
            remedy="Use --force to replace it, or to finish what was interrupted.",
        )


def _require_apart(path: Path, writing: _Writing, manifest: Path, *, replace: bool) -> None:
    """Raise AnchorauditError if a further output would be among the files of the input, or of the output."""
    own = _where(path)
    if own in (_where(writing.output), _where(manifest)):
        raise AnchorauditError("two outputs would go to this file", path=path, remedy="Name two files.")
    for folder in (writing.parts.root, writing.output):
        if _where(folder) in (own, *own.parents):
            raise AnchorauditError(
                f"this is in {folder}, and a scan of that would read it, too",
                path=path,
                remedy="Choose another place for the output.",
            )
    if stores.exists(path) and not replace:
        raise AnchorauditError("the output exists already", path=path, remedy="Use --force to replace it.")


def _where(path: Path) -> Path:
    """Return the one name of a place, by which it can be compared with others."""
    if not isinstance(path, Address):
        return Path(os.path.realpath(path))
    return Address.of(f"{_ALIASES.get(path.scheme, path.scheme)}://{str(path).partition('://')[2]}")


def _manifest(found: FilteredParts, source: Path) -> str:
    """Return the list of the files as JSON. No key is one of COCO's, so that no reader takes it for that."""
    about, counts = found.audit.about, found.audit.summary()
    settings = {
        name: value for name, value in about["settings"].items() if name not in ("detector", "images")
    }
    plain = {
        "anchoraudit_manifest": _FORM,
        "version": anchoraudit.__version__,
        "source": str(source),
        "detector": about["detector"],
        "settings": {**settings, "image_files": about["settings"]["images"]},
        "images_in": found.images,
        "images_out": counts["images"],
        "boxes_in": found.boxes,
        "boxes_out": counts["boxes"],
        "dropped": {
            "by_reason": [
                {"reason": name, "image_count": images, "box_count": boxes}
                for name, (images, boxes) in found.dropped.images.items()
            ],
            "boxes_of_kept_images": dict(found.dropped.boxes),
        },
        **({} if found.fixed is None else {"fixed": dict(found.fixed.counts)}),
        "not_read": list(found.audit.failed.values()),
        "parts": [
            {"file": part.name, **asdict(part.rows), "sha256": part.sha256 or None, "bytes": part.bytes}
            for part in found.parts
        ],
    }
    return json.dumps(plain, indent=2, allow_nan=False) + "\n"
