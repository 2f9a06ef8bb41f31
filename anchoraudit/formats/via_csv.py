"""VIA CSV: the export of the VGG Image Annotator with a row for each region, from its versions 1, 2 and 3.

Sources: the exports in the code of VIA: `via.js` `pack_via_metadata` (versions 1 and 2: a header with a `#`
before it in 1.0; a row with `"{}"` for an image without regions) and `_via_import_export.js` (version 3: the
header in a comment, `# CSV_HEADER = metadata_id,file_list,...`; shapes as numbers, `[2,x,y,w,h]`). What is in
the fields is as in the JSON of `via` and `via3`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents
from anchoraudit.io import json_text
from anchoraudit.io.files import decode_names, read_head, read_input
from anchoraudit.io.folders import files_ending, folders_in, is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "via_csv"
LOOKS_FOR = "a .csv file of VIA: filename,file_size,file_attributes,region_count,region_id and so on"
SUFFIXES = (".csv",)
EXAMPLE = """\
filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes
a.jpg,1234,"{}",1,0,"{""name"":""rect"",""x"":10,""y"":20,""width"":100,""height"":50}","{""class"":""cat""}"
b.jpg,2345,"{}",0,0,"{}","{}"
"""
EXAMPLE_PATH = "via_region_data.csv"
EXAMPLE_BESIDE = {"a.jpg": (640, 480), "b.jpg": (640, 480)}
NOT_READ = "points, lines, videos; polygons, circles and ellipses become the boxes around them"

_HEADER = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
)
_HEADER_OF_3, _ATTRIBUTES_OF_3 = "# CSV_HEADER = ", "# ATTRIBUTE"
_SHAPE, _ATTRIBUTES = 5, 6  # fields of versions 1 and 2
_FILES, _TIMES, _NUMBERS, _METADATA = 1, 3, 4, 5  # of version 3
_HEAD = 1 << 14  # bytes; the comments of version 3 hold its attributes
_LOOKED_AT = 40  # files of a folder


def detect(path: Path) -> Detection | None:
    """Recognise a file by its header, a folder by such a file in it, or in its folders for splits."""
    if is_file(path):
        if path.suffix.lower() != ".csv" or not _begins(path):
            return None
        return Detection(NAME, path, path.name, Sureness.CONTENT)
    files = _files(path)
    reason = f"{len(files)} CSV file{'s' * (len(files) != 1)}"
    return Detection(NAME, path, reason, Sureness.CONTENT) if files else None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a file, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, if a file cannot be read, or if it is not clear which
    attribute holds the class.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._attributes import class_attribute
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats._shapes import Tally

    path = detection.path
    files = [(path, "")] if is_file(path) else _files(path)
    wanted = [file for file, split in files if not options.splits or split in options.splits]
    tables = {file: _Table.of(file) for file in wanted}
    regions = [row for table in tables.values() for row in table.rows if row.region]
    attribute = class_attribute([row.attributes for row in regions], options.class_attribute, path)
    tally = Tally()
    named = f", classes by {attribute!r}" if attribute else ""
    dataset = read_files(
        detection,
        options,
        files,
        lambda file, remarks: _rows(tables[file], attribute, remarks, tally),
        recognised=f"VIA CSV: {detection.reason}{named}",
        item="line",
        convention=XYWH,
    )
    notes = (
        [] if attribute or not regions else ["no region has a class, so all are of one, called 'object' here"]
    )
    dataset.notes[:0] = [*notes, *tally.notes()]
    return dataset


def _files(folder: Path) -> list[tuple[Path, str]]:
    """Return the only such file of a folder, or of each of its folders, which are then splits."""

    def only(each: Path) -> list[Path]:
        found = [file for file in files_ending(each, (".csv",))[:_LOOKED_AT] if _begins(file)]
        return found if len(found) == 1 else []

    if here := only(folder):
        return [(here[0], "")]
    return [(file, below.name) for below in folders_in(folder) for file in only(below)]


def _begins(file: Path) -> bool:
    lines = decode_names(read_head(file, _HEAD)).splitlines()
    first = lines[0].lstrip("#").replace('"', "").replace(" ", "").lower() if lines else ""
    return first.startswith(_HEADER) or any(line.startswith(_HEADER_OF_3) for line in lines)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row. line: from 1. region: as the JSON of its version has it; {} for an image without regions."""

    line: int
    name: str
    region: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Table:
    """The rows of a file, and what is wrong with others."""

    path: Path
    is_third: bool = False
    rows: list[_Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    attributes: Any = field(default_factory=dict)  # of version 3: what their numbers mean

    @classmethod
    def of(cls, path: Path) -> _Table:
        """Read a file. Raises AnchorauditError if it cannot be read."""
        from anchoraudit.io.unchanged import note

        data = read_input(path)
        note(path, data)
        text = decode_names(data)
        table = cls(path, any(line.startswith(_HEADER_OF_3) for line in text.splitlines()[:200]))
        for line, fields in table._fields(text):
            row = table._of_3(fields, line) if table.is_third else table._of_2(fields, line)
            if row is not None and not row.name:
                table._report("the row names no image", line, ",".join(fields))
            elif row is not None:
                table.rows.append(row)
        return table

    def _fields(self, text: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""))
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._report(f"not a table row: {error}", line, "")
                continue
            if self.is_third and row and row[0].startswith("#"):
                if row[0].startswith(_ATTRIBUTES_OF_3):
                    said = ",".join(row).partition("=")[2]
                    self.attributes = self._json(said.replace('""', '"'), line)
            elif any(row) and (self.is_third or line > 1):
                if len(row) > _SHAPE:
                    yield line, row
                else:
                    self._report(f"{len(row)} fields, not {6 if self.is_third else 7}", line, ",".join(row))

    def _of_2(self, row: Sequence[str], line: int) -> _Row | None:
        shape = self._json(row[_SHAPE], line)
        own = self._json(row[_ATTRIBUTES], line) if len(row) > _ATTRIBUTES else {}
        own = own if isinstance(own, dict) else {}
        region = {} if shape == {} else {"shape_attributes": shape, "region_attributes": own}
        return _Row(line, documents.image_name(row[0]), region, own)

    def _of_3(self, row: Sequence[str], line: int) -> _Row | None:
        from anchoraudit.formats._via import attributes_of_3

        files, times, numbers, own = (self._json(row[i], line) for i in (_FILES, _TIMES, _NUMBERS, _METADATA))
        if not (isinstance(files, list) and len(files) == 1 and isinstance(files[0], str)):
            self._report("the row is not about one file", line, row[_FILES])
            return None
        region = {"xy": numbers, "z": times, "av": own} if numbers or times else {}
        told = attributes_of_3({"attribute": self.attributes}, region) if numbers else {}
        return _Row(line, documents.image_name(files[0]), region, told)

    def _json(self, text: str, line: int) -> Any:
        try:
            return json_text.parse(text, self.path, line=line) if text.strip() else {}
        except AnchorauditError as error:
            self._report(error.message, line, text)
            return None

    def _report(self, words: str, line: int, value: str) -> None:
        from anchoraudit.formats._shapes import unusable

        self.findings.append(unusable(words, str(self.path), f"line {line}", value))


def _rows(table: _Table, attribute: str, remarks: Remarks, tally: Tally) -> Iterator[ImageRow]:
    from anchoraudit.formats._attributes import ONLY_CLASS, value_of
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.formats._via import box_of, box_of_3

    remarks.findings += table.findings
    images: dict[str, list[_Row]] = {}
    for row in table.rows:
        images.setdefault(row.name, []).append(row)
    for name, rows in images.items():
        boxes: list[BoxRow] = []
        regions = [row for row in rows if row.region]
        for row in regions:
            label = value_of(row.attributes.get(attribute)) if attribute else ONLY_CLASS
            at = str(table.path), f"line {row.line}"
            make = box_of_3 if table.is_third else box_of
            if (box := make(row.region, label, at, remarks, tally)) is not None:
                boxes.append(box._replace(entry=row.line - 1))
        if regions and not boxes:
            tally.leave_out(name)
            remarks.left_out.append(name)
            continue
        yield ImageRow(name, boxes, place=f"line {rows[0].line}")
