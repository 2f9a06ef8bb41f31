"""Builds a `Dataset` from what a reader has read: the work that is the same for every format.

A reader of a simple format yields rows: an `ImageRow` for each image, with a `BoxRow` for each of its boxes.
`read_files` does the rest: it finds the images on disk, completes sizes, numbers the classes, reports missing
images, and joins the files. A reader of a large format fills the columns of a `Part` itself, calls
`report_missing`, `complete_sizes` and `report_not_finite` as needed, and ends with `join`.

Boxes are `x1, y1, x2, y2` in pixels of the stored image, with continuous coordinates, as in
`anchoraudit.dataset.columns`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import are_finite
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Flags, ImageId, Images, Source
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._notes import Note as Note  # noqa: PLC0414  readers import it from here
from anchoraudit.formats._repeats import without_repeats
from anchoraudit.images.below import found_below
from anchoraudit.images.found import find_images, images_around, others_around, usual_folders
from anchoraudit.images.opened import Opened, measure, together
from anchoraudit.images.sizes import LARGEST_SIDE
from anchoraudit.io.files import safe_join

# The coordinates of a box that could not be read. Readers use this very object, and `part_of` looks for it
# with `is`: other boxes may be NaN because the file says so, and those are reported as not finite.
NO_BOX = (math.nan, math.nan, math.nan, math.nan)
_NAMES_SHOWN = 3  # of equal notes; more make a note longer than what it says
SHOWN = 80  # characters of a value that a message repeats, so that it fits on a line


class BoxRow(NamedTuple):
    """One box.

    xyxy: in pixels; NO_BOX if it could not be read.
    label: the name of its class, "" if it has none.
    entry: its position in the file, from 0; None to count the boxes of the file.
    outline: the file has another shape than a box, such as a polygon, and this is the box around it.
    """

    xyxy: tuple[float, float, float, float]
    label: str = ""
    crowd: bool = False
    difficult: bool = False
    entry: int | None = None
    outline: bool = False


@dataclass(slots=True)
class ImageRow:
    """One image and its boxes.

    file_name: as written in the annotations.
    id: "" if the file name is also the id.
    width, height: declared size in pixels, NaN if there is none.
    place: its place in the annotation file, for findings.
    entry: its position in a list of images, from 0; None where there is no such list.
    """

    file_name: str
    boxes: list[BoxRow] = field(default_factory=list)
    id: ImageId = ""
    width: float = math.nan
    height: float = math.nan
    place: str = ""
    entry: int | None = None

    @property
    def identity(self) -> ImageId:
        """The id, which is the file name if there is no other."""
        return self.file_name if self.id == "" else self.id


class Where(NamedTuple):
    """The place of an image or a box: path, place and thing as in a `Finding`."""

    path: str
    place: str = ""
    thing: str = ""


@dataclass(slots=True)
class Part:
    """One part of a data set: columns over N images and M boxes, from one or more sources.

    sizes: float64 [N, 2], width and height in pixels, NaN if unknown.
    splits: N names, or one name for all images.
    boxes: `image` and `category` are indices into the images and `categories` of this part.
    source: int64 [N], index into `sources`; None if there is only one.
    entry, row, measured, declared, traits: as in `Images`. label_lines: as in `Dataset`.
    convention: what the four numbers of a box mean in its files, before they became these columns.
    left_out: as in `Dataset`, of its only source.
    opened: as in `Dataset`.
    """

    sources: tuple[Source, ...]
    ids: list[ImageId]
    file_names: list[str]
    sizes: Float
    splits: Sequence[str] | str
    boxes: Boxes
    categories: Sequence[Category]
    source: Int | None = None
    entry: Int | None = None
    measured: Bool | None = None
    declared: Float | None = None
    traits: Flags | None = None
    label_lines: Mapping[int, Sequence[str]] = field(default_factory=dict)
    convention: Convention = XYXY
    left_out: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)
    notes: list[str | Note] = field(default_factory=list)
    opened: Opened = field(default_factory=dict)
    row: Int | None = None

    def split_names(self) -> Sequence[str]:
        """Return the name of the split of each image."""
        return [self.splits] * len(self.ids) if isinstance(self.splits, str) else self.splits


# Images on disk


def report_missing(
    names: Sequence[str],
    present: Sequence[bool],
    folder: Path,
    where: Callable[[int], Where],
) -> Iterator[Finding]:
    """Yield IMG001 for each of N images that is not in the image folder. names, present: N each."""
    for i, there in enumerate(present):
        if not there:
            yield missing_image(folder, where(i), names[i])


def missing_image(folder: Path | None, where: Where, name: str) -> Finding:
    """Return IMG001 for the image `name`, which is not in the image folder."""
    return Finding("IMG001", f"its image is not in {folder}", *_placed(where, name))


def note_unchecked(file: Path, split: str = "", *, shown: str = "") -> Note:
    """Return the note for an annotation file whose images are in none of the folders around it.

    It names the folder that has most image files, which have other names. shown: what the file is called, ""
    for its path.
    """
    about = printable(shown or file)
    end = f", so missing images were not checked{others_beside(file, split)}"
    return Note(about, f"{about}: no images found beside it{end}", f"no images found beside them{end}")


def others_beside(file: Path, split: str = "") -> str:
    """Name the folder around an annotation file that has most image files, for the end of a note; or "".

    None of them has a name that is in the file.
    """
    if (other := others_around(file, split)) is None:
        return ""
    folder, count = printable(other[0]), other[1]
    files = f"{count:,} image file{'s' * (count > 1)} of other names"
    return f"; {folder} has {files} (--image-folder {folder})"


def merged(notes: Iterable[str | Note]) -> list[str]:
    """Return notes as sentences, each once, and those that are equal but for a name as one."""
    groups: dict[str, list[Note]] = {}
    for each in notes:
        note = Note("", each, each) if isinstance(each, str) else each
        groups.setdefault(note.many, []).append(note)
    return [
        group[0].one
        if len(names := dict.fromkeys(note.about for note in group)) == 1
        else f"{listed(names)}: {many}"
        for many, group in groups.items()
    ]


def listed(names: Collection[str]) -> str:
    """Write names in a row, `a, b, c and 7 more`."""
    shown = list(names)[:_NAMES_SHOWN]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return f"{', '.join(shown)}{more}"


def blank_counts(counts: Sequence[tuple[str, int, Sequence[tuple[int, str]]]]) -> list[str]:
    """Return a note on how many images are taken as blank, and why; [] if there are none.

    counts: of each split its name, how many images it has, and numbers of images, each with the reason
    ("without a label file").
    """
    blank = [(split, total, each) for split, total, each in counts if any(count for count, _ in each)]
    if not blank:
        return []
    told: dict[str, list[tuple[str, int]]] = {}
    for split, _, each in blank:
        for count, what in each:
            if count:
                told.setdefault(what, []).append((split, count))
    several = len(blank) > 1
    words = []
    for what, found in told.items():
        parts = (
            f" ({', '.join(f'{printable(split)} {count:,}' for split, count in found)})" if several else ""
        )
        words.append(f"{sum(count for _, count in found):,} {what}{parts}")
    where = f"{printable(blank[0][0])}: " if blank[0][0] and not several else ""
    return [f"{where}taken as blank, of {sum(total for _, total, _ in blank):,} images: {', '.join(words)}"]


def complete_sizes(
    sizes: Float,
    files: Callable[[int], Path | str | None],
    where: Callable[[int], Where],
    words: Callable[[int], tuple[str, str]],
    *,
    opened: Opened | None = None,
) -> tuple[Bool, list[Finding]]:
    """Read missing or impossible sizes from the headers of the image files. Changes `sizes` in place.

    sizes: float64 [N, 2], width and height in pixels.
    files: returns the file of an image, None if it does not exist. Called only for images without a size.
    words: returns message and evidence of the finding for an image whose size stays unknown.
    opened: gets what was seen of the files, for `Dataset.opened`.

    Return which sizes are not from the annotations, bool [N], and IMG002 for each size that is still unknown.
    """
    sizes[~((sizes >= 1) & (sizes <= LARGEST_SIDE))] = np.nan
    measured: Bool = np.isnan(sizes[:, 0]) | np.isnan(sizes[:, 1])
    lacking = np.flatnonzero(measured)
    if not len(lacking):
        return measured, []
    sizes[lacking] = measure([files(i) for i in lacking.tolist()], opened)
    unknown = lacking[np.isnan(sizes[lacking, 0])].tolist()
    told = ((where(i), *words(i)) for i in unknown)
    return measured, [Finding("IMG002", message, *_placed(at, shown)) for at, message, shown in told]


def unknown_size(ids: Sequence[ImageId], names: Sequence[str]) -> Callable[[int], tuple[str, str]]:
    """Return the usual `words` for `complete_sizes`: message and evidence for an image of unknown size."""

    def words(i: int) -> tuple[str, str]:
        return f"image {ids[i]!r} has no declared size, and its file cannot be read", names[i]

    return words


def files_below(folder: Path | None, names: Sequence[str]) -> Callable[[int], Path | str | None]:
    """Return the usual `files` for `complete_sizes`: the files below `folder`. No name leads out of it."""
    if folder is None:
        return lambda i: None
    within = f"{folder}{os.sep}"

    def file(i: int) -> Path | str | None:
        name = names[i]
        # A plain name is joined as text, ten times as fast. Whether it is a file shows as it is opened.
        if name.isprintable() and "/" not in name and "\\" not in name and not name.startswith("."):
            return within + name if name else None
        return safe_join(folder, name)

    return file


def shorten(value: object, limit: int = SHOWN) -> str:
    """Return `value` as text of at most `limit` characters, for messages."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _placed(where: Where, evidence: str) -> tuple[str, str, str, str]:
    return where.path, where.place, evidence, where.thing


# Boxes and classes


def report_not_finite(xyxy: Float, where: Callable[[int], Where], unread: Bool) -> list[Finding]:
    """Return BOX001 for each box with a coordinate that is NaN or infinite.

    xyxy: float64 [M, 4].
    unread: bool [M], boxes that could not be read. The reader has reported them already.
    """
    rows = np.flatnonzero(~are_finite(xyxy) & ~unread).tolist()
    shown = (", ".join(f"{v:g}" for v in xyxy[row].tolist()) for row in rows)
    return [
        Finding("BOX001", "a coordinate is not finite", *_placed(where(row), value))
        for row, value in zip(rows, shown, strict=True)
    ]


def classes_by_name(labels: Iterable[str]) -> tuple[Category, ...]:
    """Return a class for each distinct label, sorted by name and numbered from 1. "" is not a class."""
    return tuple(Category(number, name) for number, name in enumerate(sorted({*labels} - {""}), 1))


def class_codes(labels: Sequence[str], categories: Sequence[Category]) -> Int:
    """Return the index into `categories` of each label, -1 if it is not there: int64 [M]."""
    code = {category.name: number for number, category in enumerate(categories)}
    return np.array([code.get(label, -1) for label in labels], dtype=np.int64)


# Files of rows


@dataclass(slots=True)
class Remarks:
    """What a reader reports beside its rows.

    findings: problems of single entries.
    notes: what was not read.
    classes: class names that the file declares, with or without boxes.
    left_out: the names of images that are no rows, because nothing of what is drawn on them can be read.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str | Note] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_files(
    detection: Detection,
    options: ReadOptions,
    files: Sequence[tuple[Path, str]],
    rows_of: Callable[[Path, Remarks], Iterable[ImageRow]],
    *,
    recognised: str,
    item: str,
    convention: Convention = XYXY,
    image_place: str = "",
    box_place: str = "",
    folders_of: Callable[[Path, str], list[Path]] = usual_folders,
) -> Dataset:
    """Read a data set of a few files, each with the annotations of many images.

    files: each with the name of its split, "" if it has none. One that repeats another one is not counted
        (SET015).
    rows_of: yields the rows of one file, and adds to its remarks. It may raise AnchorauditError: of several
        files, one that cannot be read becomes a finding.
    recognised: how the data set was recognised, for the first line of a report.
    item, image_place, box_place: how places are written, as in `Source`.
    convention: what the four numbers of a box mean in the files. The rows are in pixels anyhow.
    folders_of: returns the folders in which the images of a file may be, by its path and its split.

    Raises AnchorauditError if a split is unknown, and what `rows_of` raises of the only file or the first of
    several if none can be read.
    """
    require_known_splits(options.splits, [split for _, split in files], detection.path)
    read: list[FileRows] = []
    errors: list[tuple[Path, AnchorauditError]] = []
    for file, split in files:
        if not options.splits or split in options.splits:
            remarks = Remarks()
            try:
                read.append(FileRows(file, split, list(rows_of(file, remarks)), remarks))
            except AnchorauditError as error:
                errors.append((file, error))
    if errors and not read:
        raise errors[0][1]
    read[0].remarks.findings[:0] = [not_read(file, error) for file, error in errors]
    return of_rows(
        detection,
        options,
        read,
        recognised=recognised,
        item=item,
        convention=convention,
        image_place=image_place,
        box_place=box_place,
        folders_of=folders_of,
    )


class FileRows(NamedTuple):
    """What was read of one file, or of those of its images that are of one split."""

    file: Path
    split: str
    rows: list[ImageRow]
    remarks: Remarks


def of_rows(
    detection: Detection,
    options: ReadOptions,
    read: Sequence[FileRows],
    *,
    recognised: str,
    item: str,
    convention: Convention = XYXY,
    image_place: str = "",
    box_place: str = "",
    folders_of: Callable[[Path, str], list[Path]] = usual_folders,
    has_images: bool = True,
) -> Dataset:
    """Make a data set of the rows of files. Arguments as of `read_files`.

    has_images: images are files of their own, which are looked for. Otherwise they are in the files.
    """
    labels = (box.label for each in read for row in each.rows for box in row.boxes)
    categories = classes_by_name(chain(labels, *(each.remarks.classes for each in read)))
    parts = []
    for file, split, rows, remarks in read:
        names = [row.file_name for row in rows]
        folders: list[Path] = []
        if has_images:
            folders = [options.image_folder] if options.image_folder else folders_of(file, split)
        found = find_images([*names, *remarks.left_out], folders)
        if found.folder is None and has_images:
            found = found_below(options.image_folder or file.parent, found.names, split)
        if found.folder is None and has_images and options.image_folder is None:
            found = images_around(found.names, file, split)
        source = Source(file, split, found.folder, item, box_place=box_place, image_place=image_place)
        part = part_of(source, rows, categories, file_names=found.names[: len(names)])
        part.convention = convention
        part.left_out = found.names[len(names) :]
        missing: list[Finding] = []
        if found.folder is not None:
            present = found.present[: len(names)]
            missing += report_missing(names, present, found.folder, where_images(source, rows))
        elif has_images:
            remarks.notes.append(note_unchecked(file, split))
        part.findings, part.notes = [*remarks.findings, *missing, *part.findings], remarks.notes
        parts.append(part)
    kept, repeated = [*range(len(parts))], list[Finding]()
    if has_images and not options.splits:
        kept, repeated = without_repeats(parts)
    parts = [parts[number] for number in kept]
    if parts:
        parts[0].findings[:0] = repeated
    return join(detection, parts, recognised=recognised)


def not_read(file: Path, error: AnchorauditError) -> Finding:
    """Return PAR001 for one of several files that cannot be read."""
    return Finding("PAR001", error.message, str(file), error.place, "", f"file {file.name}")


def part_of(
    source: Source,
    rows: Sequence[ImageRow],
    categories: Sequence[Category],
    *,
    file_names: list[str] | None = None,
) -> Part:
    """Turn the rows of one source into columns, and complete their sizes.

    file_names: the names of the files as found on disk, relative to the image folder; None to take the rows'
    own.
    """
    names = [row.file_name for row in rows] if file_names is None else file_names
    ids = [row.identity for row in rows]
    entries = [row.entry for row in rows if row.entry is not None]
    sizes = np.array([(row.width, row.height) for row in rows], dtype=np.float64).reshape(-1, 2)
    boxes = list(chain.from_iterable(row.boxes for row in rows))
    counts = [len(row.boxes) for row in rows]
    columns = Boxes(
        image=np.repeat(np.arange(len(rows)), counts),
        annotation_ids=None,
        category=class_codes([box.label for box in boxes], categories),
        xyxy=np.array([box.xyxy for box in boxes], dtype=np.float64).reshape(-1, 4),
        crowd=np.array([box.crowd for box in boxes], dtype=np.bool_),
        difficult=np.array([box.difficult for box in boxes], dtype=np.bool_),
        entry=np.array([n if b.entry is None else b.entry for n, b in enumerate(boxes)], dtype=np.int64),
        traits=np.where([box.outline for box in boxes], np.uint32(BoxTrait.OUTLINE), np.uint32(0)),
    )
    where = where_images(source, rows)
    opened: Opened = {}
    files = files_below(source.image_folder, names)
    measured, unknown = complete_sizes(sizes, files, where, unknown_size(ids, names), opened=opened)

    unread = np.array([box.xyxy is NO_BOX for box in boxes], dtype=np.bool_)

    def where_box(row: int) -> Where:
        at = where(int(columns.image[row]))
        assert columns.entry is not None  # set above
        image = entries[int(columns.image[row])] if entries else -1
        return Where(at.path, source.place_of_box(int(columns.entry[row]), image), at.thing)

    return Part(
        sources=(source,),
        ids=ids,
        file_names=names,
        sizes=sizes,
        splits=source.split,
        boxes=columns,
        categories=categories,
        entry=np.array(entries, dtype=np.int64) if entries or source.image_place else None,
        measured=measured,
        findings=[*unknown, *report_not_finite(columns.xyxy, where_box, unread)],
        opened=opened,
    )


def where_images(source: Source, rows: Sequence[ImageRow]) -> Callable[[int], Where]:
    """Return the place of each image, by its row."""

    def where(i: int) -> Where:
        identity = rows[i].identity
        path = source.path / f"{identity}{source.suffix}" if source.suffix else source.path
        return Where(str(path), rows[i].place, f"image {identity}")

    return where


# Joining


def join(
    detection: Detection,
    parts: Sequence[Part],
    *,
    recognised: str,
    splits: Sequence[str] | None = None,
    has_entries: bool = False,
    declares_ids: bool = False,
    counts_from_one: bool = False,
    classes_are_indices: bool = False,
    in_pixels: bool = False,
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
) -> Dataset:
    """Join the columns of parts into a data set. Classes with the same id and name become one.

    splits: names of the splits in order; None for those of the images.
    has_entries, declares_ids, counts_from_one, classes_are_indices, in_pixels: properties of the format, as
    in `Dataset`; offset as there, too.

    Columns of a single part are not copied, because they are most of the memory of a scan.
    """
    named = [part.splits for part in parts]
    if splits is None:
        met = chain.from_iterable([names] if isinstance(names, str) else names for names in named)
        splits = tuple(dict.fromkeys(met)) or ("",)
    number = {name: i for i, name in enumerate(splits)}
    counts = [len(part.ids) for part in parts]
    first_image = np.cumsum([0, *counts]).tolist()
    first_source = np.cumsum([0, *(len(part.sources) for part in parts)]).tolist()
    categories, codes, listed = _shared(parts)
    split_columns = [
        np.full(len(part.ids), number[part.splits], dtype=np.int64)
        if isinstance(part.splits, str)
        else np.array([number[name] for name in part.splits], dtype=np.int64)
        for part in parts
    ]
    source_columns = [
        np.full(len(part.ids), first, dtype=np.int64) if part.source is None else part.source + first
        for part, first in zip(parts, first_source, strict=False)
    ]
    sizes = _joined([part.sizes for part in parts], np.empty((0, 2)))
    images = Images(
        ids=_listed([part.ids for part in parts]),
        file_names=_listed([part.file_names for part in parts]),
        width=np.ascontiguousarray(sizes[:, 0]),
        height=np.ascontiguousarray(sizes[:, 1]),
        split=_joined(split_columns),
        source=_joined(source_columns),
        entry=_optional([part.entry for part in parts]),
        measured=_optional([part.measured for part in parts]),
        declared=_optional([part.declared for part in parts]),
        traits=_optional([part.traits for part in parts]),
        row=_optional([part.row for part in parts]),
    )
    own = [part.boxes for part in parts]
    image = [b.image + first if first else b.image for b, first in zip(own, first_image, strict=False)]
    first_box = np.cumsum([0, *(len(b) for b in own)]).tolist()
    boxes = Boxes(
        image=_joined(image),
        annotation_ids=_optional([b.annotation_ids for b in own]),
        category=_joined(codes),
        xyxy=_joined([b.xyxy for b in own], np.empty((0, 4))),
        crowd=_joined([b.crowd for b in own], np.empty(0, dtype=np.bool_)),
        difficult=_joined([b.difficult for b in own], np.empty(0, dtype=np.bool_)),
        entry=_optional([b.entry for b in own]),
        area=_optional([b.area for b in own]),
        traits=_optional([b.traits for b in own]),
        class_texts=_renumbered([b.class_texts for b in own], first_box),
    )
    return Dataset(
        root=detection.path,
        format=detection.format,
        recognised=recognised,
        sources=tuple(source for part in parts for source in part.sources),
        splits=tuple(splits),
        images=images,
        boxes=boxes,
        categories=categories,
        findings=[finding for part in parts for finding in part.findings],
        notes=merged(note for part in parts for note in part.notes),
        has_entries=has_entries,
        declares_ids=declares_ids,
        counts_from_one=counts_from_one,
        classes_are_indices=classes_are_indices,
        class_lists=tuple(own for part, own in zip(parts, listed, strict=True) for _ in part.sources),
        in_pixels=in_pixels,
        offset=offset,
        conventions=tuple(part.convention for part in parts for _ in part.sources),
        left_out=tuple(
            (first, name) for part, first in zip(parts, first_source, strict=False) for name in part.left_out
        ),
        label_lines=_renumbered([part.label_lines for part in parts], first_image),
        opened=together(part.opened for part in parts),
    )


def _renumbered(by_row: Sequence[Mapping[int, Any]], firsts: Sequence[int]) -> dict[int, Any]:
    """Join what is kept by row. firsts: for each part, the number of rows before it."""
    return {
        row + first: value for own, first in zip(by_row, firsts, strict=False) for row, value in own.items()
    }


def _shared(parts: Sequence[Part]) -> tuple[tuple[Category, ...], list[Int], list[tuple[int, ...]]]:
    """Return the classes of all parts, each once, and for each part the box column that points to them.

    Third, the classes of each part, in its own order.
    """
    index: dict[Category, int] = {}
    for part in parts:
        for category in part.categories:
            index.setdefault(category, len(index))
    codes, listed = [], []
    for part in parts:
        table = [index[category] for category in part.categories]
        listed.append(tuple(table))
        column = part.boxes.category
        if table != list(range(len(table))):
            # -1 stands for no class: as an index it picks the last entry, which is -1.
            column = np.array([*table, -1], dtype=np.int64)[column]
        codes.append(column)
    return tuple(index), codes, listed


def _joined(columns: Sequence[Any], empty: Any = None) -> Any:
    """Join columns. A single column is returned as it is; of none, `empty` or an empty column of integers."""
    if len(columns) == 1:
        return columns[0]
    if not columns:
        return np.empty(0, dtype=np.int64) if empty is None else empty
    return np.concatenate(columns)


def _optional(columns: Sequence[Any]) -> Any:
    """Return `_joined` of the columns, or None if the format has no such column."""
    return None if not columns or columns[0] is None else _joined(columns)


def _listed(lists: Sequence[list[Any]]) -> list[Any]:
    return lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))
