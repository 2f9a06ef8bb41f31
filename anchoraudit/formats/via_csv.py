"""VIA CSV: the export of the VGG Image Annotator with a row for each region, from its versions 1, 2 and 3.

Sources: the exports in the code of VIA: `via.js` `pack_via_metadata` (versions 1 and 2: a header with a `#`
before it in 1.0; a row with `"{}"` for an image without regions) and `_via_import_export.js` (version 3: the
header in a comment, `# CSV_HEADER = metadata_id,file_list,...`; shapes as numbers, `[2,x,y,w,h]`). Shapes are
in pixels.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._documents import image_name
from anchoraudit.formats._via_shapes import Box, of_names, of_numbers
from anchoraudit.io import json_text
from anchoraudit.io.files import decode_names, read_head, read_input
from anchoraudit.io.folders import folders_in, is_file, names_in

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import ImageRow, Remarks

NAME = "via_csv"
LOOKS_FOR = "a .csv file of VIA: filename,file_size,file_attributes,region_count,region_id and so on"
EXAMPLE = """\
filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes
a.jpg,1234,"{}",1,0,"{""name"":""rect"",""x"":10,""y"":20,""width"":100,""height"":50}","{""class"":""cat""}"
b.jpg,2345,"{}",0,0,"{}","{}"
"""
EXAMPLE_PATH = "via_region_data.csv"
EXAMPLE_BESIDE = {"a.jpg": (640, 480), "b.jpg": (640, 480)}
NOT_READ = "points, lines, segments of time, attributes of files"
READS_COLUMNS = True

_HEADER = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
)
_HEADER_OF_3 = "# CSV_HEADER = "
_SHAPE, _ATTRIBUTES = 5, 6  # columns of versions 1 and 2
_FILES, _TIMES, _NUMBERS, _METADATA = 1, 3, 4, 5  # of version 3
_HEAD = 1 << 14  # bytes; the comments of version 3 hold its attributes
_LOOKED_AT = 40  # files of a folder
# Of several attributes, the one with such a name is the class.
_CLASS_NAMES = ("class", "label", "name", "category", "type", "object", "class_name", "species")


def detect(path: Path) -> Detection | None:
    """Recognise a file by its header, a folder by such a file in it, or in its folders for splits."""
    if is_file(path):
        if path.suffix.lower() != ".csv" or not _begins(path):
            return None
        return Detection(NAME, path, path.name, Sureness.CONTENT)
    files = _files(path)
    reason = f"{len(files)} CSV file(s) of VIA"
    return Detection(NAME, path, reason, Sureness.CONTENT) if files else None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a file, or those of the splits that are wanted. `class` of `--columns` names the attribute.

    Raises AnchorauditError if a split or the attribute is unknown, or if a file cannot be read.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._builder import read_files

    asked = dict(options.columns)
    if others := [key for key in asked if key != "label"]:
        raise AnchorauditError(
            f"--columns: {others[0]} is no attribute of a region",
            path=detection.path,
            remedy="For VIA, name the attribute of the class only: --columns class=NAME.",
        )
    path = detection.path
    return read_files(
        detection,
        options,
        [(path, "")] if is_file(path) else _files(path),
        lambda file, remarks: _rows(file, remarks, asked.get("label", "")),
        recognised=f"VIA CSV: {detection.reason}",
        item="line",
        convention=XYWH,
    )


def _files(folder: Path) -> list[tuple[Path, str]]:
    """Return the only such file of a folder, or of each of its folders, which are then splits."""

    def only(each: Path) -> list[Path]:
        names = [name for name in names_in(each) if name.lower().endswith(".csv")][:_LOOKED_AT]
        found = [each / name for name in names if _begins(each / name)]
        return found if len(found) == 1 else []

    if here := only(folder):
        return [(here[0], "")]
    return [(file, below.name) for below in folders_in(folder) for file in only(below)]


def _begins(file: Path) -> bool:
    lines = decode_names(read_head(file, _HEAD)).splitlines()
    first = lines[0].lstrip("#").replace('"', "").replace(" ", "").lower() if lines else ""
    return first.startswith(_HEADER) or any(line.startswith(_HEADER_OF_3) for line in lines)


@dataclass(slots=True)
class _Region:
    """A region of an image. box: None if it has none; shape: its kind. attributes: by their names."""

    line: int
    shape: str
    box: Box | None
    attributes: Mapping[str, Any] = field(default_factory=dict)


def _rows(path: Path, remarks: Remarks, asked: str) -> Iterator[ImageRow]:
    from anchoraudit.formats._builder import BoxRow, ImageRow, listed
    from anchoraudit.io.unchanged import note

    data = read_input(path)
    note(path, data)
    images: dict[str, list[_Region]] = {}
    first: dict[str, int] = {}
    for name, line, region in _Reader(path, remarks).regions(decode_names(data)):
        regions = images.setdefault(name, [])
        first.setdefault(name, line)
        if region is not None:
            regions.append(region)
    every = [region for regions in images.values() for region in regions]
    attribute = _class_attribute(path, [r for r in every if r.box is not None], remarks, asked)
    outlines = Counter(region.shape for region in every if region.box is not None and region.shape != "rect")
    skipped = Counter(region.shape for region in every if region.box is None)
    for told, counts in (("read as the boxes around them", outlines), ("not read", skipped)):
        if counts:
            words = ", ".join(f"{count:,} of {printable(kind)[:30]}" for kind, count in counts.items())
            remarks.notes.append(f"{told}: {words}")
    left_out = []
    for name, regions in images.items():
        boxes = [
            BoxRow(region.box, _text_of(region.attributes.get(attribute)), entry=region.line - 1)
            for region in regions
            if region.box is not None
        ]
        if regions and not boxes:
            left_out.append(printable(name))
            continue
        yield ImageRow(name, boxes, place=f"line {first[name]}")
    if left_out:
        words = f"{len(left_out):,} images with such regions only, which are not blank: {listed(left_out)}"
        remarks.notes.append(f"not read: {words}")


def _class_attribute(path: Path, regions: Sequence[_Region], remarks: Remarks, asked: str) -> str:
    """Return the attribute that is the class: the one asked for, the only one, or the one of such a name.

    Raises AnchorauditError if no region has the one asked for.
    """
    counts = Counter(name for region in regions for name in region.attributes)
    if asked and asked not in counts:
        from anchoraudit.io.suggest import did_you_mean

        raise AnchorauditError(
            f"--columns: no region has an attribute {printable(asked)!r}",
            path=path,
            remedy=f"{did_you_mean(asked, counts)}Attributes: {', '.join(map(printable, counts)) or 'none'}.",
        )
    if asked or len(counts) == 1:
        return asked or next(iter(counts))
    lower = {name.strip().lower(): name for name in counts}
    usual = next((lower[name] for name in _CLASS_NAMES if name in lower), "")
    if counts:
        names = ", ".join(map(printable, counts))
        told = (
            f"the class is the attribute {printable(usual)}"
            if usual
            else "no attribute is known as the class"
        )
        remarks.notes.append(
            f"{path.name}: {told}; attributes are {names}; --columns class=NAME takes another"
        )
    return usual


def _text_of(value: Any) -> str:
    """Return a value as the name of a class: of check boxes `{"cat": true}` the one that is set."""
    if isinstance(value, dict):
        value = ", ".join(str(name) for name, is_set in value.items() if is_set)
    return "" if value is None else str(value).strip()


class _Reader:
    """Reads the rows of a file, and reports those that cannot be used."""

    def __init__(self, path: Path, remarks: Remarks) -> None:
        self.path, self.remarks = path, remarks
        self.attributes: Any = {}  # of version 3: what their numbers mean

    def regions(self, text: str) -> Iterator[tuple[str, int, _Region | None]]:
        """Yield images with their lines, from 1, each with a region or, if it has none, None."""
        reader = csv.reader(io.StringIO(text, newline=""))
        is_third = any(line.startswith(_HEADER_OF_3) for line in text.splitlines()[:200])
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._report(f"not a table row: {error}", line, "")
                continue
            if is_third and row and row[0].startswith("#"):
                if row[0].startswith("# ATTRIBUTE"):
                    self.attributes = (
                        self._json(",".join(row).partition("=")[2].replace('""', '"'), line) or {}
                    )
                continue
            if not any(row) or (line == 1 and not is_third):
                continue
            if len(row) <= _SHAPE:
                self._report(f"{len(row)} fields, not {6 if is_third else 7}", line, ",".join(row))
                continue
            yield from (self._of_3 if is_third else self._of_2)(row, line)

    def _of_2(self, row: Sequence[str], line: int) -> Iterator[tuple[str, int, _Region | None]]:
        shape = self._json(row[_SHAPE], line)
        name = image_name(row[0])
        if not name:
            self._report("the row names no image", line, ",".join(row))
        elif isinstance(shape, dict) and not shape:
            yield name, line, None
        else:
            attributes = self._json(row[_ATTRIBUTES], line) if len(row) > _ATTRIBUTES else {}
            own = attributes if isinstance(attributes, dict) else {}
            yield name, line, self._region(*of_names(shape), own, line, row[_SHAPE])

    def _of_3(self, row: Sequence[str], line: int) -> Iterator[tuple[str, int, _Region | None]]:
        files, times, numbers, metadata = (
            self._json(row[i], line) for i in (_FILES, _TIMES, _NUMBERS, _METADATA)
        )
        if not (isinstance(files, list) and len(files) == 1 and isinstance(files[0], str)):
            self._report("the row is not about one file", line, row[_FILES])
            return
        name = image_name(files[0])
        if times:
            yield name, line, _Region(line, "segment of time" if not numbers else "frame of a video", None)
        elif not numbers:
            yield name, line, None
        else:
            own = self._named(metadata if isinstance(metadata, dict) else {})
            yield name, line, self._region(*of_numbers(numbers), own, line, row[_NUMBERS])

    def _named(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by the names of their attributes, and options by their texts."""
        found = {}
        for key, value in metadata.items():
            known = self.attributes.get(key) if isinstance(self.attributes, dict) else None
            known = known if isinstance(known, dict) else {}
            options = known.get("options")
            text = (
                options.get(value, value) if isinstance(options, dict) and isinstance(value, str) else value
            )
            found[str(known.get("aname", key))] = text
        return found

    def _region(self, kind: str, box: Box | None, own: Mapping[str, Any], line: int, said: str) -> _Region:
        from anchoraudit.formats._builder import NO_BOX

        if kind:
            return _Region(line, kind, box, own)
        self._report("the shape has no such numbers as its kind needs", line, said)
        return _Region(line, "rect", NO_BOX, own)

    def _json(self, text: str, line: int) -> Any:
        try:
            return json_text.parse(text, self.path, line=line) if text.strip() else {}
        except AnchorauditError as error:
            self._report(error.message, line, text)
            return None

    def _report(self, words: str, line: int, value: str) -> None:
        from anchoraudit.dataset.findings import Finding
        from anchoraudit.formats._builder import SHOWN

        self.remarks.findings.append(Finding("PAR003", words, str(self.path), f"line {line}", value[:SHOWN]))
