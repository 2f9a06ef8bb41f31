"""COCO part by part: each piece has some images of one file, and all annotations of these.

A COCO file lists annotations in any order. So it is gone through once, in byte ranges, and what it lists is
set aside by the hash of the image's id; a piece is what has some of the hashes. What follows from the whole
file is exact: equal image ids have one hash, and images whose annotations share ids, which some loaders take
for one annotation, are a piece of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Int, stable_argsort
from anchoraudit.dataset.columns import Dataset, Ids, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.pieces import Index, Keys, LeftOut, Output, Piece, PieceFile, Rewritten
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._builder import Part
from anchoraudit.formats._repeats import may_repeat
from anchoraudit.formats.coco.annotations import AnnotationColumns
from anchoraudit.formats.coco.assembly import (
    drop_strays,
    joined,
    part_of,
    unknown_categories,
    unknown_finding,
)
from anchoraudit.formats.coco.cutting import Edit, cut_ranges
from anchoraudit.formats.coco.entries import Entries, ImageEntry
from anchoraudit.formats.coco.ids import id_column, positions
from anchoraudit.formats.coco.image_columns import ImageColumns, image_columns
from anchoraudit.formats.coco.images import (
    OF_FILE,
    elsewhere_finding,
    folder_by_last_parts,
    folders_of,
    led_elsewhere,
)
from anchoraudit.formats.coco.lvis import lvis_note
from anchoraudit.formats.coco.ranges import Chunk, Listed, NotCleanError, is_in_folder, list_in_ranges
from anchoraudit.formats.coco.set_aside import (
    BUCKETS,
    Scratch,
    are_of,
    groups_of,
    hashes,
    image_hashes,
    ranked,
    read_back,
)
from anchoraudit.formats.coco.structure import flat_finding
from anchoraudit.images.found import folder_of, sample_of
from anchoraudit.io.files import name_parts
from anchoraudit.io.processes import cores, each_apart
from anchoraudit.io.unchanged import Reading, Stamp

_RANGE = 32 << 20  # bytes that are decoded at once: some 300 MB of entries
_OF_ROW = 40  # bytes that are decoded at once for each box that a piece may have: it takes ten times as many
_IDS = 8  # ids that are compared at once for each box that a piece may have
_FEW = 50_000  # boxes that may always be read as one piece
_NAME = 3  # of what is set aside of an image: its `name`, which is its `coco_url` once it is read back


_Rows = Callable[[Piece, Ids], Bool]


class _Where(NamedTuple):
    """A piece: the number of its file, and its buckets. apart: those images that share annotation ids."""

    file: int
    first: int
    last: int
    apart: bool


@dataclass(frozen=True)
class _File:
    """A file that was gone through. apart: hashes of the images that are in a piece of their own."""

    source: Source
    listed: Listed
    apart: Keys

    @property
    def image_count(self) -> int:
        return sum(chunk.count for chunk in self.listed.images)


@dataclass(frozen=True)
class CocoParts:
    """COCO files in pieces of about `rows` boxes. What they list is in a folder for as long as this is used.

    notes: what was not read.
    """

    detection: Detection
    scratch: Scratch = field(repr=False)
    files: tuple[_File, ...] = field(repr=False)
    pieces: tuple[Piece, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        detection: Detection,
        options: ReadOptions,
        rows: int,
        files: Sequence[tuple[Path, str]],
        notes: Sequence[str],
    ) -> CocoParts:
        """Go through the files, each with the name of its split. rows: about how many boxes a piece may have.

        Raises NotCleanError if they have to be read as a whole, AnchorauditError if they cannot be set aside.
        """
        scratch = Scratch()
        every = []
        for number, (path, split) in enumerate(files):
            try:
                every.append(_gone_through(path, split, options, scratch.path / f"{number}", rows))
            except NotCleanError as error:
                raise NotCleanError(f"{path.name}: {error}") from None
        if not options.splits:
            _require_no_repeats(every)
        pieces: list[Piece] = []
        for number, file in enumerate(every):
            own = _pieces_of(number, file, rows)
            name, stamp = file.source.path.name, _stamp(file.source)
            pieces += [
                Piece(
                    len(pieces) + i,
                    f"{name}, part {i + 1} of {len(own)}",
                    number,
                    f"{stamp}:{rows}:{where}",
                    where,
                )
                for i, where in enumerate(own)
            ]
        return cls(detection, scratch, tuple(every), tuple(pieces), tuple(notes))

    def index(self, piece: Piece, *, ends: bool = False) -> Index:
        """Name the images of a piece, and count its boxes of each class of the file."""
        file = self.files[piece.where.file]
        ids = self._columns([piece], file.listed.images, "ids", ("ids", "entry"))["ids"]
        columns = self._columns([piece], file.listed.annotations, "image_ids", _OF_INDEX)
        category = positions([each.id for each in file.listed.categories], columns["category_ids"])
        known = (category >= 0) & (positions(ids.tolist(), columns["image_ids"]) >= 0)
        told = {
            "boxes": np.bincount(category[known], minlength=len(file.listed.categories)).tolist(),
            "unknown": unknown_categories(category, columns["category_ids"], columns["entry"]),
            "elsewhere": self._elsewhere(piece),
        }
        if len(self.files) == 1:  # no image is in two pieces, and none in two splits
            return Index(np.zeros(0, dtype=np.uint64), told)
        keys = ranked(self._groups(piece, ids))
        order = np.argsort(keys)
        names = [name_parts(name)[1] for name in self._images([piece])[0].names]
        splits = np.zeros(len(keys), dtype=np.int64)
        return Index(keys[order], told, _hashes_of(names)[order], splits, (file.source.split,))

    def misfits(self, indices: Mapping[int, Any]) -> Mapping[int, AnchorauditError]:
        """Return {}: the pieces are of the same files."""
        del indices
        return {}

    def skeleton(self, indices: Mapping[int, Any]) -> Dataset:
        """Return the classes, splits and sources, and what is wrong with the files as such."""
        parts = []
        for number, file in enumerate(self.files):
            told = [one for i, one in sorted(indices.items()) if self.pieces[i].where.file == number]
            entries = Entries(image_columns(()), _NO_ANNOTATIONS, file.listed.categories)
            part = part_of(file.source, entries, None)
            federated, partly = (sum(chunk.lvis[i] for chunk in file.listed.images) for i in range(2))
            part.notes += lvis_note(file.source.path, (federated, partly))
            part.findings = [*_flat(file), *_unknown(file, told), *_led_elsewhere(file, told)]
            parts.append(part)
        dataset = joined(self.detection, parts, [file.source.split for file in self.files])
        dataset.notes[:0] = self.notes
        dataset.without_info = tuple(
            file.source.path
            for file in self.files
            if not file.listed.has_info and any(chunk.count for chunk in file.listed.annotations)
        )
        dataset.class_boxes = np.zeros((len(dataset.sources), len(dataset.categories)), dtype=np.int64)
        for i, told in indices.items():
            number = self.pieces[i].where.file
            np.add.at(dataset.class_boxes[number], list(dataset.class_lists[number]), told["boxes"])
        return dataset

    def read(self, piece: Piece, skeleton: Dataset, apart: Keys) -> Dataset:
        """Read the images of a piece and their annotations, in the order of the file."""
        rows = partial(self._is_left, apart) if len(apart) else None
        return self._aligned([(piece.where.file, self._part([piece], skeleton, rows))], skeleton)

    def gather(self, pieces: Sequence[Piece], skeleton: Dataset, apart: Keys) -> Dataset:
        """Read images with names of others in another split, and what belongs together with them."""
        of_file: dict[int, list[Piece]] = {}
        for piece in sorted(pieces, key=lambda piece: piece.number):
            of_file.setdefault(piece.where.file, []).append(piece)
        rows = partial(self._is_gathered, apart)
        parts = [(number, self._part(own, skeleton, rows)) for number, own in of_file.items()]
        return self._aligned(parts, skeleton)

    def together(self, dataset: Dataset) -> Int:
        """Keep all images of a piece together: loaders take some for others of it, by their ids."""
        return np.zeros(len(dataset.images), dtype=np.int64)

    @property
    def root(self) -> Path:
        """The file, if the data set is one, or the folder that the files are below."""
        return self.detection.path

    @property
    def outputs(self) -> Sequence[PieceFile]:
        """The files, each with its pieces."""
        numbers: list[list[int]] = [[] for _ in self.files]
        for piece in self.pieces:
            numbers[piece.where.file].append(piece.number)
        return [PieceFile(self._name_of(number), tuple(own)) for number, own in enumerate(numbers)]

    def boxes_may_go(self, skeleton: Dataset) -> bool:
        """Return True: boxes are annotations, each an entry of its own."""
        del skeleton
        return True

    def places(self, dataset: Dataset) -> Int:
        """Return the number of its file, and the position in its list, of each image: int64 [N, 2]."""
        assert dataset.images.entry is not None  # COCO has them
        return np.column_stack([dataset.images.source, dataset.images.entry])

    def left_out(
        self, pieces: Sequence[Piece], dataset: Dataset, images: Int, boxes: Int
    ) -> dict[str, LeftOut]:
        """Return which entries are left out of which file: images with their annotations, and others."""
        assert dataset.images.entry is not None and dataset.boxes.entry is not None  # COCO has them
        goes = np.zeros(len(dataset.images), dtype=np.bool_)
        goes[images] = True
        gone = goes[dataset.boxes.image]
        gone[boxes] = True
        out = {}
        for number in sorted({piece.where.file for piece in pieces}):
            own = dataset.images.source == number
            listed = np.sort(dataset.images.entry[goes & own])
            entries = np.sort(dataset.boxes.entry[gone & own[dataset.boxes.image]])
            if len(listed) or len(entries):
                out[self._name_of(number)] = LeftOut(frozenset(), entries, listed)
        return out

    def rewrite(
        self, file: PieceFile, left_out: LeftOut, output: Output, edit: Edit | None = None
    ) -> Rewritten:
        """Write a file without some entries, and without annotations of images that it does not list."""
        number = self.pieces[file.pieces[0]].where.file
        source, listed = self.files[number].source, self.files[number].listed
        assert source.reading is not None and source.reading.stamp is not None
        images = np.ones(self.files[number].image_count, dtype=np.bool_)
        annotations = np.ones(sum(chunk.count for chunk in listed.annotations), dtype=np.bool_)
        images[left_out.listed] = False
        annotations[left_out.boxes] = False
        for piece in file.pieces:
            annotations[self._strays(self.pieces[piece])] = False
        keep = {"images": images, "annotations": annotations}
        cut_ranges(source.path, source.reading.stamp, listed.ranges, keep, output, edit=edit)
        counts = [(len(stays), int(np.count_nonzero(stays))) for stays in (annotations, images)]
        return Rewritten(*counts[0], *counts[1])

    def _strays(self, piece: Piece) -> Int:
        """Return the annotations of a piece whose images are not listed, by their positions."""
        listed = self.files[piece.where.file].listed
        ids = self._columns([piece], listed.images, "ids", ("ids", "entry"))["ids"]
        columns = self._columns([piece], listed.annotations, "image_ids", ("image_ids", "entry"))
        strays: Int = columns["entry"][positions(ids.tolist(), columns["image_ids"]) < 0]
        return strays

    def _name_of(self, number: int) -> str:
        path, root = self.files[number].source.path, self.root
        return path.name if path == root else path.relative_to(root).as_posix()

    def _part(self, pieces: Sequence[Piece], skeleton: Dataset, rows: _Rows | None) -> Part:
        """Return pieces of one file as columns. rows: tells which images count, by their ids."""
        number = pieces[0].where.file
        source, listed = skeleton.sources[number], self.files[number].listed
        images, at = self._images(pieces, rows)
        columns = self._columns(pieces, listed.annotations, "image_ids", _COLUMNS, rows)
        entries = Entries(images, AnnotationColumns(**columns), listed.categories, image_positions=at)
        part = part_of(source, entries, None)
        drop_strays(part)
        # The numbers of a piece are not those of its file.
        part.findings = [finding for finding in part.findings if finding.code != OF_FILE]
        part.findings += [finding for finding in skeleton.findings if finding.path == str(source.path)]
        table = np.array([*skeleton.class_lists[number], -1], dtype=np.int64)
        part.boxes.category = table[part.boxes.category]
        part.categories = skeleton.categories
        return part

    def _aligned(self, parts: Sequence[tuple[int, Part]], skeleton: Dataset) -> Dataset:
        """Join parts, each with the number of its file, as a part of the data set of a skeleton."""
        dataset = joined(self.detection, [part for _, part in parts], skeleton.splits)
        numbers = np.array([number for number, _ in parts], dtype=np.int64)
        dataset.images.source = numbers[dataset.images.source]
        return replace(
            skeleton,
            images=dataset.images,
            boxes=dataset.boxes,
            findings=dataset.findings,
            notes=skeleton.notes,
        )

    def _groups(self, piece: Piece, image_ids: Ids) -> Keys:
        """Return a hash of each image that those have, too, which must be read together with it."""
        where = piece.where
        if where.apart:
            return groups_of(np.zeros(len(image_ids), dtype=np.int64), where.file)
        return groups_of(image_ids, where.file)

    def _is_gathered(self, keys: Keys, piece: Piece, image_ids: Ids) -> Bool:
        return are_of(self._groups(piece, image_ids), keys)

    def _is_left(self, keys: Keys, piece: Piece, image_ids: Ids) -> Bool:
        return ~self._is_gathered(keys, piece, image_ids)

    def _images(self, pieces: Sequence[Piece], rows: _Rows | None = None) -> tuple[ImageColumns, list[int]]:
        """Return the images of pieces, and their positions in the file's list, in its order."""
        chunks = self.files[pieces[0].where.file].listed.images
        columns = self._columns(pieces, chunks, "ids", ("ids", "images", "entry"), rows)
        named = zip(columns["ids"].tolist(), columns["images"], strict=True)
        images = image_columns([ImageEntry(identity, *image) for identity, image in named])
        return images, columns["entry"].tolist()

    def _columns(
        self,
        pieces: Sequence[Piece],
        chunks: Sequence[Chunk],
        by: str,
        names: Sequence[str],
        rows: _Rows | None = None,
    ) -> dict[str, Any]:
        """Return columns over entries of pieces of one file, in the order of its list.

        by: the column with the ids of images. rows: tells which count, by these; None for all of the pieces.
        """
        found: dict[str, list[Any]] = {name: [_EMPTY[name]] for name in names}
        for piece in pieces:
            apart = self.files[piece.where.file].apart
            for chunk, columns in _read(chunks, piece, dict.fromkeys((*names, by))):
                columns["entry"] = columns["entry"] + chunk.first
                taken: Int | None = None
                if len(apart) or rows is not None:
                    ids = _ids(columns[by])
                    there = self._is_of(piece, ids) if len(apart) else np.ones(len(ids), dtype=np.bool_)
                    taken = np.flatnonzero(there if rows is None else there & rows(piece, ids))
                for name in names:
                    found[name].append(columns[name] if taken is None else _taken(columns[name], taken))
        order = stable_argsort(np.concatenate(found["entry"]))
        return {name: _taken(_concatenated(found.pop(name)), order) for name in names}

    def _is_of(self, piece: Piece, image_ids: Ids) -> Bool:
        """Tell which images are in this piece and not in one of its file's others: bool [n]."""
        apart = np.isin(image_hashes(image_ids), self.files[piece.where.file].apart)
        return apart if piece.where.apart else ~apart

    def _elsewhere(self, piece: Piece) -> Any:
        """Tell how many names do not lead to their files, and of the first one where it is."""
        file = self.files[piece.where.file]
        folder = file.source.image_folder
        if folder is None or not any(chunk.in_folders for chunk in file.listed.images):
            return None
        images, at = self._images([piece])
        names = images.names
        found = led_elsewhere(folder, names)
        if not found:
            return None
        return [len(found), at[first := min(found)], names[first], found[first], images.key_of(first)]


# Going through the files


def _gone_through(path: Path, split: str, options: ReadOptions, prefix: Path, rows: int) -> _File:
    """Set aside what a file lists. prefix: what the files for that begin with."""
    at_once = options.at_once or cores()
    try:
        stamp = Stamp.of(path.stat())
    except OSError as error:
        raise NotCleanError(str(error)) from None
    size = min(_RANGE, rows * _OF_ROW)
    listed = list_in_ranges(path, stamp, prefix, size, at_once)
    names = _sample(listed.images, lambda chunk: chunk.count, lambda _: True)
    folder = options.image_folder or folder_of(names, path, split, folders_of(path, split))
    if folder is None:
        names = _sample(listed.images, lambda chunk: chunk.in_folders, is_in_folder)
        if folder_by_last_parts(path, split, names) is not None:
            raise NotCleanError("its images are in another folder than their names say")
    file = _File(Source(path, split, folder, reading=Reading(stamp)), listed, np.zeros(0, np.uint64))
    _require_even(file, rows)
    return replace(file, apart=_sharing_ids(listed.annotations, rows, at_once))


def _sample(
    chunks: Sequence[Chunk], count_of: Callable[[Chunk], int], counts: Callable[[str], bool]
) -> list[str]:
    """Return the names of the images by which a folder is recognised, of those that count.

    count_of: how many of a chunk do. counts: whether a name does.
    """
    wanted = sample_of(sum(map(count_of, chunks)))
    names: list[str] = []
    first = 0
    for chunk in chunks:
        own = [at - first for at in wanted if first <= at < first + count_of(chunk)]
        first += count_of(chunk)
        if own:
            columns = read_back(chunk.path, 0, BUCKETS, ("images", "entry"))
            images = columns["images"]
            in_order = (images[row][_NAME] for row in np.argsort(columns["entry"]).tolist())
            counted = [name for name in in_order if counts(name)]
            names += [counted[at] for at in own]
    return names


def _require_even(file: _File, rows: int) -> None:
    """Raise NotCleanError if many images have ids that are equal once written with six digits."""
    images = sum((chunk.by_bucket for chunk in file.listed.images), np.zeros(BUCKETS, dtype=np.int64))
    if images.max() > max(rows, 8 * images.mean() + 1_000):
        raise NotCleanError("many image ids begin with the same six digits")


def _sharing_ids(chunks: Sequence[Chunk], rows: int, at_once: int) -> Keys:
    """Return the hashes of the images of annotations whose id another one has, sorted.

    Raises NotCleanError if these are many.
    """
    paths = [chunk.path for chunk in chunks]
    turns = sum(chunk.count for chunk in chunks) // (_IDS * rows) + 1
    found = [np.zeros(0, dtype=np.uint64)]
    most = max(rows, _FEW)
    for _, keys in each_apart(partial(_twice, paths, turns, most), range(turns), at_once):
        if keys is None:
            raise NotCleanError("many annotations share their ids")
        found.append(keys)
    keys = np.unique(np.concatenate(found))
    if len(keys):
        boxes = sum(count or 0 for _, count in each_apart(partial(_count_of, keys), paths, at_once))
        if boxes > most:
            raise NotCleanError("many annotations share their ids")
    return keys


def _twice(paths: Sequence[Path], turns: int, most: int, turn: int) -> Keys | None:
    """Return the hashes of images whose annotations share ids, of those ids whose turn it is."""
    every: list[Keys] = [np.zeros(0, dtype=np.uint64)]
    for path in paths:
        keys = _id_hashes(_ids(read_back(path, 0, BUCKETS, ("ids",))["ids"]))[0]
        every.append(keys if turns == 1 else keys[keys % np.uint64(turns) == turn])
    keys = np.concatenate(every)
    every.clear()
    keys.sort()
    again = np.unique(keys[1:][keys[1:] == keys[:-1]])
    found = [again[:0]]
    if len(again) > most:
        return None
    for path in paths if len(again) else ():
        columns = read_back(path, 0, BUCKETS, ("ids", "image_ids"))
        keys, rows = _id_hashes(_ids(columns["ids"]))
        found.append(np.unique(image_hashes(_ids(columns["image_ids"])[rows[np.isin(keys, again)]])))
    return np.unique(np.concatenate(found))


def _id_hashes(ids: Ids) -> tuple[Keys, Int]:
    """Return the hashes of the ids that are there, and their rows."""
    rows = np.flatnonzero(ids != "") if ids.dtype == object else np.arange(len(ids))
    return hashes(ids[rows]), rows


def _count_of(keys: Keys, path: Path) -> int:
    """Count the annotations of the images with these hashes."""
    image_ids = _ids(read_back(path, 0, BUCKETS, ("image_ids",))["image_ids"])
    return int(np.count_nonzero(np.isin(image_hashes(image_ids), keys)))


def _require_no_repeats(files: Sequence[_File]) -> None:
    """Raise NotCleanError if all images of a file are in another one, which it then may repeat."""
    known: dict[int, Keys] = {}
    for number, file in enumerate(files):
        for other, larger in enumerate(files):
            if number == other or not 0 < file.image_count <= larger.image_count:
                continue
            if may_repeat(file.source, larger.source):
                for each in (number, other):
                    known.setdefault(each, _name_hashes(files[each].listed.images))
                if np.isin(known[number], known[other]).all():
                    raise NotCleanError(f"{larger.source.path.name} has all its images, too")


def _name_hashes(chunks: Sequence[Chunk]) -> Keys:
    results = each_apart(_names_of_chunk, [chunk.path for chunk in chunks], 1)
    return np.unique(np.concatenate([keys for _, keys in results if keys is not None]))


def _names_of_chunk(path: Path) -> Keys:
    images = read_back(path, 0, BUCKETS, ("images",))["images"]
    return _hashes_of([image[_NAME] for image in images])


def _hashes_of(names: Sequence[str]) -> Keys:
    column = np.empty(len(names), dtype=object)
    column[:] = names
    return hashes(column)


def _pieces_of(number: int, file: _File, rows: int) -> list[_Where]:
    """Divide the buckets of a file into stretches of about `rows` boxes and images together."""
    chunks = [*file.listed.images, *file.listed.annotations]
    weights = sum((chunk.by_bucket for chunk in chunks), np.zeros(BUCKETS, dtype=np.int64)).tolist()
    starts, size = [0], 0
    for bucket, weight in enumerate(weights):
        if size and size + weight > rows:
            starts.append(bucket)
            size = 0
        size += weight
    ends = [*starts[1:], BUCKETS]
    own = [_Where(number, first, last, False) for first, last in zip(starts, ends, strict=True)]
    return [*own, _Where(number, 0, BUCKETS, True)] if len(file.apart) else own


def _stamp(source: Source) -> str:
    assert source.reading is not None and source.reading.stamp is not None
    stamp = source.reading.stamp
    return f"{source.path}:{stamp.size}:{stamp.modified}"


# Reading back


def _read(
    chunks: Sequence[Chunk], piece: Piece, names: Iterable[str]
) -> Iterator[tuple[Chunk, dict[str, Any]]]:
    where = piece.where
    for chunk in chunks:
        if chunk.by_bucket[where.first : where.last].any():
            try:
                yield chunk, read_back(chunk.path, where.first, where.last, list(names))
            except OSError as error:
                raise AnchorauditError(
                    f"what was set aside of it is not there: {error.strerror}",
                    path=piece.name,
                    remedy="Read COCO files on the machine that began: --engine local.",
                ) from None


def _ids(column: Any) -> Ids:
    return column if isinstance(column, np.ndarray) else id_column(column)


def _taken(column: Any, rows: Int) -> Any:
    if isinstance(column, np.ndarray):
        return column.take(rows, axis=0)
    return [column[row] for row in rows.tolist()]


def _concatenated(columns: Sequence[Any]) -> Any:
    """Join columns: arrays, or lists that are ids if the first one is an array."""
    first = columns[0]
    if all(isinstance(column, np.ndarray) and column.dtype != object for column in columns):
        return np.concatenate(columns)
    joined = list(chain.from_iterable(c.tolist() if isinstance(c, np.ndarray) else c for c in columns))
    return id_column(joined) if isinstance(first, np.ndarray) else joined


_NO_ANNOTATIONS = AnnotationColumns(
    ids=np.zeros(0, dtype=np.int64),
    image_ids=np.zeros(0, dtype=np.int64),
    category_ids=np.zeros(0, dtype=np.int64),
    xyxy=np.zeros((0, 4)),
    crowd=np.zeros(0, dtype=np.bool_),
    difficult=np.zeros(0, dtype=np.bool_),
    area=np.zeros(0),
    traits=np.zeros(0, dtype=np.uint32),
    entry=np.zeros(0, dtype=np.int64),
)
_COLUMNS = tuple(each.name for each in fields(AnnotationColumns))
_OF_INDEX = ("image_ids", "category_ids", "entry")
_EMPTY: dict[str, Any] = {"images": [], **{name: getattr(_NO_ANNOTATIONS, name) for name in _COLUMNS}}


# What is wrong with a file as such


def _flat(file: _File) -> list[Finding]:
    """Return the finding on segmentations that are lists of numbers."""
    chunks = file.listed.annotations
    flat = [(chunk.first, chunk.flat) for chunk in chunks if chunk.flat is not None]
    if not flat:
        return []
    start, (_, first, text) = flat[0]
    count, of = sum(number for _, (number, *_) in flat), sum(chunk.count for chunk in chunks)
    return [flat_finding(file.source.path, count, of, start + first, text)]


def _unknown(file: _File, told: Sequence[Any]) -> list[Finding]:
    """Return the findings on classes that the file does not declare."""
    met: dict[Any, tuple[int, int]] = {}
    for identity, number, first in chain.from_iterable(one["unknown"] for one in told):
        before, earliest = met.get(identity, (0, first))
        met[identity] = before + number, min(earliest, first)
    in_order = sorted(met.items(), key=lambda each: each[1][1])
    return [unknown_finding(file.source.path, identity, *counts) for identity, counts in in_order]


def _led_elsewhere(file: _File, told: Sequence[Any]) -> list[Finding]:
    """Return the finding on names that do not lead to their files."""
    met = [one["elsewhere"] for one in told if one["elsewhere"]]
    if not met:
        return []
    _, first, name, there, key = min(met, key=lambda each: each[1])
    counts = sum(each[0] for each in met), file.image_count
    return [
        elsewhere_finding(file.source.path, file.source.image_folder, counts, first, (name, there), key=key)
    ]
