"""The rows of a table: the columns that are needed, and the line of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats.table.asked import shown_columns
from anchoraudit.formats.table.columns import Numbers, Texts, joined_numbers, joined_texts
from anchoraudit.formats.table.dialects import Dialect
from anchoraudit.formats.table.names import FAMILIES, PAIRS, known_columns, suggested

NUMBERS = frozenset([*(name for names, _ in FAMILIES for name in names), *PAIRS, "width", "height", "crowd"])
_SHOWN = 80  # letters of a type in a message
_IN_LIST = ".objects[{box}]"
_IMAGE_PLACES = {"row": "rows[{image}]", "line": "line {line}"}


@dataclass(slots=True)
class Rows:
    """R rows.

    path: the file, or what the rows are if they come from memory.
    item: what a row is called, "line" or "row".
    box_place: as in `Source`, for rows from memory.
    texts, numbers: the columns, by the names of `dialects`; those of `NUMBERS` are numbers.
    at: int64 [R], the line or row, from 0.
    broken: int64, the positions of rows with more or fewer fields than the header.
    parents: int64 [R], where a row of the file is an image with a list of objects: that row, and `at` is the
    position in its list, -1 for an image without objects. None where each row is a box.
    crowd: bool [R]; None without any.
    classes: names that the file declares. files: as in `Source`. unnamed: the file does not name its images,
    so that their names are the numbers of their rows. notes: what was decided by looking at other files.
    """

    path: Path
    dialect: Dialect
    item: str
    texts: dict[str, Texts]
    numbers: dict[str, Numbers]
    at: Int
    broken: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    findings: list[Finding] = field(default_factory=list)
    box_place: str = ""
    parents: Int | None = None
    crowd: Bool | None = None
    classes: list[str] = field(default_factory=list)
    files: tuple[tuple[int, str], ...] = ()
    unnamed: bool = False
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def in_file(self) -> int:
        """The number of rows of the file."""
        return len(self) if self.parents is None else len(np.unique(self.parents))

    @property
    def end(self) -> int:
        """The number behind the last row of the file that is read, counted from 0."""
        rows = self.at if self.parents is None else self.parents
        return int(rows.max(initial=-1)) + 1

    def take(self, rows: Int) -> Rows:
        """Return some of the rows, by their positions: int64, in order. Findings stay."""
        place = np.full(len(self), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        broken = place[self.broken]
        return replace(
            self,
            texts={name: column.take(rows) for name, column in self.texts.items()},
            numbers={name: column.take(rows) for name, column in self.numbers.items()},
            at=self.at[rows],
            broken=broken[broken >= 0],
            parents=None if self.parents is None else self.parents[rows],
            crowd=None if self.crowd is None else self.crowd[rows],
        )

    def place(self, row: int) -> str:
        """Return the place of a row, for findings."""
        if self.parents is None:
            return self._source.place_of_box(int(self.at[row]), -1)
        if self.at[row] < 0:
            return self.place_of_image(row)
        return self._source.place_of_box(int(self.at[row]), int(self.parents[row]))

    def place_of_image(self, row: int) -> str:
        """Return the place of what a row says of its image."""
        return (
            self.place(row) if self.parents is None else self._source.place_of_image(int(self.parents[row]))
        )

    @property
    def is_in_memory(self) -> bool:
        """Tell whether they come from a DataFrame, so that no file and no folder belongs to them."""
        return bool(self.box_place)

    def source(self, split: str, image_folder: Path | None) -> Source:
        """Return the table as a source."""
        return replace(self._source, split=split, image_folder=image_folder)

    @property
    def _source(self) -> Source:
        image_place = "" if self.parents is None else _IMAGE_PLACES[self.item]
        box_place = f"{image_place}{_IN_LIST}" if image_place else self.box_place
        return Source(self.path, "", None, self.item, "", box_place, image_place, self.files)


def concatenated(tables: Sequence[Rows], starts: Sequence[int], findings: list[Finding]) -> Rows:
    """Put rows behind each other. starts: what is added to the numbers of the rows of each table.

    A column that some tables do not have is empty there.
    """
    first = tables[0]
    begin = np.cumsum([0, *map(len, tables)]).tolist()
    texts = dict.fromkeys(name for rows in tables for name in rows.texts)
    numbers = dict.fromkeys(name for rows in tables for name in rows.numbers)
    is_nested = first.parents is not None
    parents = [
        rows.parents + start for rows, start in zip(tables, starts, strict=False) if rows.parents is not None
    ]
    at = [rows.at + (0 if is_nested else start) for rows, start in zip(tables, starts, strict=False)]
    return replace(
        first,
        texts={
            name: joined_texts([rows.texts.get(name) or Texts.same("", len(rows)) for rows in tables])
            for name in texts
        },
        numbers={
            name: joined_numbers([rows.numbers.get(name) or Numbers.nothing(len(rows)) for rows in tables])
            for name in numbers
        },
        at=np.concatenate(at),
        broken=np.concatenate([rows.broken + start for rows, start in zip(tables, begin, strict=False)]),
        findings=[*findings, *(finding for rows in tables for finding in rows.findings)],
        parents=np.concatenate(parents) if is_nested else None,
        crowd=_joined_crowds(tables),
        classes=list(dict.fromkeys(name for rows in tables for name in rows.classes)),
        notes=list(dict.fromkeys(note for rows in tables for note in rows.notes)),
    )


def _joined_crowds(tables: Sequence[Rows]) -> Bool | None:
    if all(rows.crowd is None for rows in tables):
        return None
    none = [np.zeros(len(rows), dtype=np.bool_) if rows.crowd is None else rows.crowd for rows in tables]
    return np.concatenate(none)


def not_understood(
    path: Path, words: str, header: Sequence[str] = (), place: str = "line 1"
) -> AnchorauditError:
    """Return the error for columns without a dialect. header: their names, or the first row."""
    usual = "Columns known by name: image_id,label,x1,y1,x2,y2 and many others (docs/formats.md#tables)."
    if not header:
        return AnchorauditError(words, path=path, place=place, remedy=usual)
    lacking = known_columns(header).lacking or ("whether width and height are those of the box",)
    words = f"{words}: {shown_columns(header)}; not known: {' and '.join(lacking)}"
    remedy = f"Name them, by name or number: {suggested(header)}. {usual}"
    return AnchorauditError(words, path=path, place=place, remedy=remedy)


def no_boxes_in(path: Path, column: str, kind: str) -> AnchorauditError:
    """Return the error for a column of boxes that can hold none. kind: what it holds."""
    return AnchorauditError(
        f"no box can be read from {printable(column)}, which is {printable(kind)[:_SHOWN]}",
        path=path,
        remedy=(
            "Write it as a list of four numbers, as a struct with xmin, ymin, xmax, ymax or x, y, width, "
            "height, or as a column for each number."
        ),
    )


def text_of(value: object) -> str:
    """Return a value as text, a whole float as an integer: pandas makes floats of ids if one is missing."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
