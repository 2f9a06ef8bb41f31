"""Tables part by part: whole files, or stretches of large ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Int, distinct
from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.keys import keys_of
from anchoraudit.dataset.pieces import (
    Index,
    Keys,
    LeftOut,
    Output,
    Piece,
    PieceFile,
    Rewritten,
)
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.assembly import assemble_rows, decided, recognised
from anchoraudit.formats.table.cells import replace_names
from anchoraudit.formats.table.columns import Texts
from anchoraudit.formats.table.deciding import DECIDING, with_meaning
from anchoraudit.formats.table.rows import Rows, concatenated
from anchoraudit.formats.table.shards import (
    columns_of,
    difference,
    join_rows,
    read_ends_of_shard,
    read_shard,
)
from anchoraudit.formats.table.table_file import (
    Stretch,
    is_json_lines,
    nothing_of,
    read_ends,
    read_rows,
    stretches,
)
from anchoraudit.io.addresses import Address, NoAnswerError
from anchoraudit.io.files import name_parts
from anchoraudit.io.stores import status


class _Where(NamedTuple):
    """A piece: the number of its group of files, its file, and the stretch of it, None for all."""

    group: int
    path: Path
    stretch: Stretch | None


@dataclass(frozen=True)
class TableParts:
    """Tables in files, in pieces of about `rows` rows.

    files: the files of each split, with its name; "" if the rows may name it. The files of a detection are
    one table below its path; without any, each file is a table of its own.
    """

    detection: Detection
    options: ReadOptions
    files: tuple[tuple[tuple[Path, ...], str], ...]
    pieces: tuple[Piece, ...] = field(repr=False)

    @classmethod
    def of(
        cls,
        detection: Detection,
        options: ReadOptions,
        groups: Sequence[tuple[Sequence[Path], str]],
        rows: int,
    ) -> TableParts:
        """Cut files into pieces. groups: the files of each split. rows: about how many a piece may have.

        Raises AnchorauditError if none of the files is to be read.
        """
        path = detection.path
        _import_readers()
        wanted = options.splits
        require_known_splits(wanted, [s for _, s in groups if s] or wanted, path)
        chosen = tuple((tuple(f), s) for f, s in groups if not (s and wanted) or s in wanted)
        places = [
            (_Where(number, file, stretch), name)
            for number, (files, _) in enumerate(chosen)
            for file in files
            for stretch, name in _stretches(path, file, rows, options.columns)
        ]
        pieces = [
            Piece(i, name, where.group, _stamp(where, chosen[where.group][1], options.columns), where)
            for i, (where, name) in enumerate(places)
        ]
        return cls(detection, options, chosen, tuple(pieces))

    @property
    def _folder(self) -> Path:
        return self.detection.path

    def index(self, piece: Piece, *, ends: bool = False) -> Index:
        """Read the names of images, splits and classes.

        ends: of the names of images, the first and the last one will do.
        """
        if ends and (found := self._ends(piece)) is not None:
            rows, both = found
            labels = rows.texts.get("label") or Texts.same("", len(rows))
            told = _told(rows, labels, Texts.same(self.files[piece.group][1], len(rows)))
            return Index(distinct(keys_of(both)), told, ends=both, is_whole=False)
        rows = self._rows(piece, only_texts=True)
        images, labels = rows.texts["image"], rows.texts.get("label") or Texts.same("", len(rows))
        own_split = self.files[piece.group][1]
        splits = rows.texts.get("split") or Texts.same(own_split, len(rows))
        splits = replace_names(splits, lambda name: name or own_split)
        names, first = images.names, images.first
        counted = None if not self.options.splits else _is_any(splits, self.options.splits)
        if (nameless := images.code_of("")) >= 0:
            names, first = [name for name in names if name], np.delete(first, nameless)
            is_named = images.codes != nameless
            counted = is_named if counted is None else counted & is_named
        owners = splits.take(first)
        told = _told(rows, labels, splits, counted) | {"splits": owners.names}
        may_come_later = is_json_lines(piece.where.path)
        if len(self.files) == 1 and "split" not in rows.texts and not may_come_later:
            return Index(distinct(keys_of(names)), told, ends=(min(names), max(names)) if names else None)
        keys, own = np.unique(keys_of(names), return_index=True)
        files = keys_of([name_parts(name)[1] for name in names])[own]
        return Index(keys, told, files, owners.codes[own], tuple(owners.names))

    def _ends(self, piece: Piece) -> tuple[Rows, tuple[str, str]] | None:
        """Read the classes of a piece, with its first and its last image, if its file has these.

        None also where more must be known of the images: in which split each is.
        """
        if len(self.files) > 1 or self.options.splits:
            return None
        path, stretch, asked = piece.where.path, piece.where.stretch, self.options.columns
        if self.detection.files:
            return read_ends_of_shard(self._folder, path, stretch, asked)
        return read_ends(path, stretch, asked)

    def misfits(self, indices: Mapping[int, Any]) -> dict[int, AnchorauditError]:
        """Return the pieces of files whose columns are not those of the first one of their split."""
        of_file: dict[tuple[int, Path], set[str]] = {}
        for number, told in indices.items():
            piece = self.pieces[number]
            of_file.setdefault((piece.group, piece.where.path), set()).update(told["columns"])
        first: dict[int, tuple[str, set[str]]] = {}
        found = {}
        for number in sorted(indices):
            piece = self.pieces[number]
            own = of_file[piece.group, piece.where.path]
            name, expected = first.setdefault(piece.group, (piece.name, own))
            if words := difference(expected, own):
                found[number] = AnchorauditError(
                    f"its columns are not those of {name}: {words}", path=piece.where.path
                )
        return found

    def skeleton(self, indices: Mapping[int, Any]) -> Dataset:
        """Return the classes, splits and sources of these pieces."""
        every = [(self.pieces[number].group, told) for number, told in sorted(indices.items())]
        named = [name for _, told in every for name in told["splits"]]
        if wanted := self.options.splits:
            require_known_splits(wanted, named, self._folder)
            named = [name for name in named if name in wanted]
        classes = {name for _, told in every for name in told["classes"]}
        classes |= {label for _, told in every for _, label, _ in told["boxes"]}
        tables = []
        for group, (_, split) in enumerate(self.files):
            of_group = [number for number in sorted(indices) if self.pieces[number].group == group]
            if of_group:
                first = self.pieces[of_group[0]]
                empty = self._rows(first, stretch=nothing_of(first.where.path))
                if empty.dialect.is_assumed:
                    meaning = self._first_rows(of_group, split).dialect
                    empty = replace(empty, dialect=meaning)
                tables.append((replace(empty, files=(), findings=[], classes=sorted(classes)), split))
        dataset = self._assembled(tables)
        dataset.splits = tuple(dict.fromkeys(named)) or ("",)
        rows = sum(told["rows"] for _, told in every)
        dataset.recognised = recognised(self.detection, rows, [own for own, _ in tables])
        at = {category.name: i for i, category in enumerate(dataset.categories)}
        dataset.class_boxes = np.zeros((len(dataset.sources), len(at)), dtype=np.int64)
        for group, told in every:
            source = self._source_of(group, dataset)
            for _, label, boxes in told["boxes"]:
                if label:
                    dataset.class_boxes[source, at[label]] += boxes
        return dataset

    def _first_rows(self, numbers: Sequence[int], split: str) -> Rows:
        """Return the first rows of a group of pieces, with what their boxes mean."""
        tables: list[Rows] = []
        for number in numbers:
            tables.append(self._rows(self.pieces[number]))
            if sum(map(len, tables)) >= DECIDING:
                break
        return decided(concatenated(tables, [0] * len(tables), []), split, self.options)

    def read(self, piece: Piece, skeleton: Dataset, apart: Keys) -> Dataset:
        """Read the rows of a piece."""
        rows = self._rows(piece)
        if len(apart):
            rows = rows.take(np.flatnonzero(~_is_in(rows.texts["image"], apart)))
        return self._aligned([(piece.group, rows)], skeleton)

    def gather(self, pieces: Sequence[Piece], skeleton: Dataset, apart: Keys) -> Dataset:
        """Read the rows of images that several pieces have."""
        of_group: dict[int, list[tuple[str, Rows]]] = {}
        for piece in pieces:
            rows = self._rows(piece)
            rows = rows.take(np.flatnonzero(_is_in(rows.texts["image"], apart)))
            rows.findings.clear()  # they are those of the whole piece
            name = rows.files[0][1] if rows.files else piece.name
            of_group.setdefault(piece.group, []).append((name, rows))
        joined = []
        for group, tables in sorted(of_group.items()):
            if self.detection.files:
                joined.append((group, join_rows(self._folder, tables, [])))
            else:  # pieces of one file, with the numbers of its rows
                joined.append((group, concatenated([rows for _, rows in tables], [0] * len(tables), [])))
        return self._aligned(joined, skeleton)

    def together(self, dataset: Dataset) -> Keys | None:
        """Keep images together whose files have the same name, if they may be of two splits."""
        if len(dataset.splits) < 2:
            return None
        return keys_of([name_parts(name)[1] for name in dataset.images.file_names])

    @property
    def root(self) -> Path:
        """The file, if the data set is one, or the folder that the files are below."""
        return self._folder

    @property
    def outputs(self) -> Sequence[PieceFile]:
        """The files, each with its pieces."""
        of_file: dict[Path, list[int]] = {}
        for piece in self.pieces:
            of_file.setdefault(piece.where.path, []).append(piece.number)
        return [PieceFile(self._name_of(path), tuple(numbers)) for path, numbers in of_file.items()]

    def boxes_may_go(self, skeleton: Dataset) -> bool:
        """Tell whether rows are boxes, and not images."""
        return not any(source.image_place for source in skeleton.sources)

    def places(self, dataset: Dataset) -> Int:
        """Return the number of its file, and the first row in it, of each image: int64 [N, 2]."""
        images = dataset.images
        row = images.entry if images.row is None else images.row
        assert row is not None  # tables have rows
        every = chain.from_iterable(files for files, _ in self.files)
        number_of = {self._name_of(path): number for number, path in enumerate(every)}
        places = np.column_stack([np.zeros_like(row), row])
        for number in np.unique(images.source).tolist():
            source, own = dataset.sources[number], np.flatnonzero(images.source == number)
            if not source.files:
                places[own, 0] = number_of[self._name_of(source.path)]
                continue
            starts = np.array([start for start, _ in source.files])
            files = np.array([number_of[name] for _, name in source.files])
            at = np.searchsorted(starts, row[own], side="right") - 1
            places[own] = np.column_stack([files[at], row[own] - starts[at]])
        return places

    def left_out(
        self, pieces: Sequence[Piece], dataset: Dataset, images: Int, boxes: Int
    ) -> dict[str, LeftOut]:
        """Return which images and which rows are left out of which file."""
        out: dict[str, LeftOut] = {}
        for number, source in enumerate(dataset.sources):
            here = {self._name_of(each.where.path) for each in pieces}
            here &= {
                self._name_of(path) for files, split in self.files if split == source.split for path in files
            }
            of_source = images[dataset.images.source[images] == number]
            names = frozenset(str(dataset.images.ids[row]) for row in of_source.tolist())
            rows = boxes[dataset.images.source[dataset.boxes.image[boxes]] == number]
            places = {}
            if len(rows):
                assert dataset.boxes.entry is not None  # rows of a table have numbers
                places = self._in_files(dataset.boxes.entry[rows], source)
            for name in sorted(here) if names or places else ():
                out[name] = LeftOut(names, places.get(name, rows[:0]))
        return out

    def _in_files(self, rows: Int, source: Source) -> dict[str, Int]:
        """Return rows within their files, by the names of the files."""
        if not source.files:  # all are of the one file
            return {self._name_of(source.path): np.sort(rows)}
        starts = np.array([start for start, _ in source.files])
        of_file = np.searchsorted(starts, rows, side="right") - 1
        found: dict[str, list[Int]] = {}
        for number in np.unique(of_file).tolist():
            start, name = source.files[number]
            found.setdefault(name, []).append(rows[of_file == number] - start)
        return {name: np.sort(np.concatenate(parts)) for name, parts in found.items()}

    def rewrite(self, file: PieceFile, left_out: LeftOut, output: Output, edit: None = None) -> Rewritten:
        """Write the rows of a file to `output` without those of some images, and without some of boxes."""
        del edit  # a row stays as it is
        from anchoraudit.formats.table.cutting import rewrite

        pieces = [self.pieces[number] for number in file.pieces]
        path = pieces[0].where.path
        before = [piece.stamp for piece in pieces]
        stretches = [piece.where.stretch for piece in pieces]
        written = rewrite(path, stretches, partial(self._texts, pieces[0]), left_out, output)
        if before != [_stamp(each.where, self.files[each.group][1], self.options.columns) for each in pieces]:
            raise AnchorauditError(
                "the file has changed since it was audited", path=path, remedy="Run the command again."
            )
        return written

    def _texts(self, piece: Piece, stretch: Stretch | None) -> Rows:
        """Read the names of images of a stretch of the file of a piece."""
        return self._rows(piece, stretch=stretch, only_texts=True)

    def _name_of(self, path: Path) -> str:
        return path.name if path == self._folder else path.relative_to(self._folder).as_posix()

    def _rows(self, piece: Piece, *, stretch: Stretch | None = None, only_texts: bool = False) -> Rows:
        """Read the rows of a piece, or of another stretch of its file."""
        path, folder = piece.where.path, self._folder
        stretch = piece.where.stretch if stretch is None else stretch
        if not self.detection.files:
            return read_rows(path, stretch, only_texts=only_texts, asked=self.options.columns)
        rows = read_shard(folder, path, stretch, only_texts=only_texts, asked=self.options.columns)
        return replace(rows, path=folder, files=((0, path.relative_to(folder).as_posix()),))

    def _assembled(self, tables: Sequence[tuple[Rows, str]]) -> Dataset:
        files = [(self._folder, split) for _, split in self.files]
        return assemble_rows(self.detection, self.options, tables, files, is_part=True)

    def _source_of(self, group: int, dataset: Dataset) -> int:
        return [source.split for source in dataset.sources].index(self.files[group][1])

    def _aligned(self, tables: Sequence[tuple[int, Rows]], skeleton: Dataset) -> Dataset:
        """Return rows, each with their group, as a part of the data set of a skeleton."""
        classes = [category.name for category in skeleton.categories]
        own = [self._source_of(group, skeleton) for group, _ in tables]
        meant = [
            (group, with_meaning(rows, skeleton.convention_of(source)) if rows.dialect.is_assumed else rows)
            for (group, rows), source in zip(tables, own, strict=True)
        ]
        assert skeleton.class_boxes is not None  # it is this one's
        meant = [
            (group, _with_labels(rows) if skeleton.class_boxes[source].any() else rows)
            for (group, rows), source in zip(meant, own, strict=True)
        ]
        dataset = self._assembled(
            [(replace(rows, classes=classes), self.files[group][1]) for group, rows in meant]
        )
        sources = list(skeleton.sources)
        for number, source in zip(own, dataset.sources, strict=True):
            sources[number] = source
        splits = [skeleton.splits.index(name) for name in dataset.splits] if len(dataset.images) else []
        images = dataset.images
        images.source = np.array(own, dtype=np.int64)[images.source]
        images.split = np.array(splits, dtype=np.int64)[images.split]
        return replace(
            skeleton,
            sources=tuple(sources),
            images=images,
            boxes=dataset.boxes,
            findings=dataset.findings,
            notes=dataset.notes,
        )


def _told(rows: Rows, labels: Texts, splits: Texts, counted: Bool | None = None) -> dict[str, Any]:
    """Return what is told of a piece besides the names of its images. counted: bool [R], rows that count."""
    codes = splits.codes * len(labels.names) + labels.codes if len(splits.names) > 1 else labels.codes
    codes = codes if counted is None else codes[counted]
    boxes = np.bincount(codes, minlength=len(splits.names) * len(labels.names)).tolist()
    pairs = [(split, label) for split in splits.names for label in labels.names]
    return {
        "boxes": [[*pair, n] for pair, n in zip(pairs, boxes, strict=True) if n],
        "splits": splits.names,
        "classes": rows.classes,
        "columns": columns_of(rows),
        "rows": rows.in_file,
    }


def _with_labels(rows: Rows) -> Rows:
    """Return rows with a column of classes, empty if only other pieces of their file have one."""
    if "label" in rows.texts:
        return rows
    return replace(rows, texts={**rows.texts, "label": Texts.same("", len(rows))})


def _is_in(names: Texts, keys: Keys) -> Bool:
    """Tell which rows have an image whose key is among some: bool [R]."""
    there = np.isin(keys_of(names.names), keys)
    found: Bool = there[names.codes]
    return found


def _is_any(names: Texts, wanted: Sequence[str]) -> Bool:
    there = np.isin(np.array(names.names, dtype=object), list(wanted))
    found: Bool = there[names.codes]
    return found


def _stretches(root: Path, path: Path, rows: int, asked: Columns) -> Iterator[tuple[Stretch | None, str]]:
    """Yield stretches of a file of about `rows` rows, and a name for each.

    A file that cannot be read is one piece: its error is told when the piece is read.
    """
    name = path.name if path == root else path.relative_to(root).as_posix()
    try:
        found = list(stretches(path, rows, asked))
    except NoAnswerError:
        raise
    except AnchorauditError:
        found = [(None, "")]
    for stretch, words in found:
        yield stretch, f"{name}, {words}" if words else name


def _import_readers() -> None:
    """Import what reading a piece needs: once, and not in the process of each piece."""
    if find_spec("pyarrow") is not None:
        import anchoraudit.formats.table.arrow
        import anchoraudit.formats.table.nested
        import anchoraudit.formats.table.row_groups  # noqa: F401


def _stamp(where: _Where, split: str, asked: Columns) -> str:
    """Return a text that is another one once a file has other bytes; "" if nothing tells.

    split: of all rows of the file, by its name; "" if they may name it. asked: the columns that the user
    names.
    """
    path = where.path if isinstance(where.path, Address) else where.path.absolute()
    try:
        return f"{path}:{status(where.path).stamp}:{where.stretch}:{split}{asked or ''}"
    except NoAnswerError:
        raise
    except AnchorauditError:
        return ""
