"""Read a CSV of names and ids, as keras-retinanet's classes.csv: `name,id`, without a header or with one.

Source: keras_retinanet/preprocessing/csv_generator.py (_read_classes: two columns, the id an int).
"""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

from anchoraudit.classes.readers._listed import MOST, listed, whole_number
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".csv", ".tsv")
LOOKS_FOR = "names and ids of classes (.csv, `name,id`)"

_NAME = ("name", "class", "class_name", "classname", "category", "label", "category_name", "label_name")
_ID = ("id", "class_id", "category_id", "label_id", "index", "class_index", "idx", "value")
_REMEDY = "Write a line for each class: its name, a comma, its id."


def detect(path: Path, text: str) -> bool:
    """Accept any text with such a suffix; `read` reports what is wrong with it."""
    del path, text
    return True


def read(path: Path, text: str) -> Classes:
    """Read the rows. Without a header the first column has the names; one column alone has only names."""
    rows = _rows(path, text)
    columns = _columns(rows[0][1])
    if columns is not None:
        rows = rows[1:]
    elif max(len(row) for _, row in rows) > 2:
        line, row = next((line, row) for line, row in rows if len(row) > 2)
        raise AnchorauditError(
            f"{len(row)} columns and no header; classes have two, name and id",
            path=path,
            place=f"line {line}",
            remedy=f"{_REMEDY} A CSV of annotations is another file.",
        )
    else:
        columns = (0, 1 if len(rows[0][1]) > 1 else -1)
    name, number = columns
    for line, row in rows:
        if len(row) <= max(columns):
            raise AnchorauditError(
                f"{len(row)} of {max(columns) + 1} columns: {','.join(row)[:60]!r}",
                path=path,
                place=f"line {line}",
                remedy=_REMEDY,
            )
    ids = [whole_number(row[number], path, f"line {line}", "the id") for line, row in rows if number >= 0]
    return listed(path, [row[name] for _, row in rows], ids)


def _rows(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with its line. Commas, semicolons or tabs part the cells."""
    first = text.lstrip("\n").partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(text.split("\n"), delimiter=mark, skipinitialspace=True)
    try:
        rows = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
        return list(islice(rows, MOST + 2))  # a header, and one more than `listed` takes
    except csv.Error as error:
        raise AnchorauditError(
            f"not valid CSV: {error}",
            path=path,
            place=f"line {reader.line_num}",
            remedy="Fix the file there.",
        ) from None


def _columns(row: list[str]) -> tuple[int, int] | None:
    """Return the columns of name and id by the names in a header; None if the row is no header."""
    words = [cell.strip().casefold().replace(" ", "_") for cell in row]
    name = next((words.index(word) for word in _NAME if word in words), None)
    number = next((words.index(word) for word in _ID if word in words), None)
    if len(words) == 1 and name is not None:
        return name, -1
    return None if name is None or number is None else (name, number)
