"""Reads keras-retinanet's list of classes, `name,id` a line, where it lies beside a table without a header.

Source: keras_retinanet/preprocessing/csv_generator.py `_read_classes`. The README calls the file classes.csv;
people write class_mapping.csv and the like.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from anchoraudit.dataset.declared import ODD_ROW, ClassEntry, DeclaredClasses, Fault, Stated
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.files import decode_names, read_head, read_input
from anchoraudit.io.folders import names_in
from anchoraudit.io.unchanged import note

_USUAL = ("classes.csv", "class.csv", "class_mapping.csv")
_IN_NAME = ("class", "mapping")
_HEAD = 1 << 12  # first bytes by which the file is recognised
_LARGEST = 1 << 20  # bytes; those of LVIS, with 1,203 names, take 25,000
_SHOWN = 40


def find_class_list(tables: Sequence[Path]) -> DeclaredClasses | None:
    """Return the classes that a file beside one of the tables lists; None if there is no such file."""
    for folder in dict.fromkeys(table.parent for table in tables):
        names = [
            name
            for name in names_in(folder)
            if name.lower().endswith(".csv") and any(word in name.lower() for word in _IN_NAME)
        ]
        names.sort(key=lambda name: (name.lower() not in _USUAL, name))
        for name in names:
            path = folder / name
            if path not in tables and _is_class_list(path):
                try:
                    return read_class_list(path)
                except AnchorauditError:  # not a regular file, or too large: not a list of classes
                    continue
    return None


def _is_class_list(path: Path) -> bool:
    """Tell whether most of the first rows have two fields."""
    rows = list(islice(_rows(decode_names(read_head(path, _HEAD))), 20))
    two = sum(len(row) == 2 for _, row in rows)
    return two > 0 and 2 * two >= len(rows)


def read_class_list(path: Path) -> DeclaredClasses:
    """Read such a list. What keras-retinanet refuses is in `broken`; other rows are read nevertheless.

    Raises AnchorauditError if the file cannot be read.
    """
    entries: list[ClassEntry] = []
    known: set[str] = set()
    broken: Fault | None = None
    data = read_input(path, _LARGEST)
    note(path, data)
    for number, (line, row) in enumerate(_rows(decode_names(data)), 1):
        wrong = ""
        if len(row) != 2:
            wrong = "format should be 'class_name,class_id'"
        else:
            name, text = row
            try:
                key = Stated(text.strip(), line, int(text))
            except ValueError:
                wrong = f"malformed class ID: invalid literal for int() with base 10: {text[:_SHOWN]!r}"
            else:
                if name in known:
                    wrong = f"duplicate class name: '{name[:_SHOWN]}'"
                else:
                    known.add(name)
                    entries.append(ClassEntry(key, Stated(name, line, name)))
        if wrong and broken is None:
            broken = Fault(ODD_ROW, f"line {number}: {wrong}", line, ",".join(row)[:_SHOWN])
    return DeclaredClasses(path, "rows", tuple(entries), broken=broken)


def _rows(text: str) -> Iterable[tuple[int, list[str]]]:
    """Yield each row with its line, from 1. An empty line is a row without fields, as in keras-retinanet."""
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, []


def report_unlisted(declared: DeclaredClasses, labels: Iterable[tuple[str, str, str]]) -> list[Finding]:
    """Report each class that the list lacks once, at its first row.

    labels: for each box its class, "" without one, the file, and the place of its row.
    """
    listed = {entry.name.text for entry in declared.entries}
    first: dict[str, tuple[str, str]] = {}
    count: dict[str, int] = {}
    for label, path, place in labels:
        if label and label not in listed:
            first.setdefault(label, (path, place))
            count[label] = count.get(label, 0) + 1
    total = len(listed)
    return [
        Finding(
            "CLS001",
            f"class {label!r} of {count[label]:,} box{'es' * (count[label] > 1)} is not among the {total:,} "
            f"names of {declared.path.name}",
            *where,
            label,
            f"class {label}",
        )
        for label, where in first.items()
    ]
