"""Tables in a folder: those with the name of a program's, and those that are called after a split."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from anchoraudit.dataset.splits import is_split
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import listed
from anchoraudit.io.folders import folders_in, is_file, names_in

# Roboflow's, and those of the ImageFolder of `datasets`. Of the latter, only JSON Lines are surely of images.
_USUAL = ("_annotations.csv", "metadata.jsonl", "metadata.csv", "metadata.parquet")
_SURE = _USUAL[:2]
_SUFFIXES = (".csv", ".jsonl", ".ndjson")
_SPLIT = re.compile(r"(train(?:ing|val)?|val(?:id|idation)?|test(?:ing)?|dev|eval|minival)\d*")
_BETWEEN = re.compile(r"[^a-z0-9]+")


class Named(NamedTuple):
    """A table, and the name of its split, "" if its rows may name it."""

    path: Path
    split: str


def usual_tables(folder: Path) -> list[Named]:
    """Return the tables of programs in a folder, or in its folders for splits; [] without any."""
    for name in _USUAL:
        if is_file(file := folder / name) and (name in _SURE or is_table(file)):
            return [Named(file, "")]
        below = [file for each in folders_in(folder) if is_file(file := each / name)]
        if found := [Named(file, file.parent.name) for file in below if name in _SURE or is_table(file)]:
            return found
    return []


def tables_of_splits(folder: Path) -> list[Named]:
    """Return the tables of a folder that are called after a split, `train_labels.csv`, or lie in its folder.

    [] also if two tables are of the same one: nobody can tell which is meant.
    """
    found: dict[str, Named] = {}
    for path, split in _called_after_splits(folder) or _in_folders_of_splits(folder):
        if is_table(path):
            if split in found:
                return []
            found[split] = Named(path, split)
    return list(found.values())


def other_tables(folder: Path, read: list[Path]) -> list[str]:
    """Return a note on the CSV files of a folder that are not read, if there are any."""
    names = {path.name for path in read if path.parent == folder}
    others = [name for name in names_in(folder) if name.lower().endswith(".csv") and name not in names]
    return [f"not read: {listed(others)}"] if names and others else []


def hint(folder: Path) -> str:
    """Return what would make a folder with tables a data set; "" if it has none."""
    tables = [name for name in names_in(folder) if name.lower().endswith(_SUFFIXES)][:_LOOKED_AT]
    tables = [name for name in tables if is_table(folder / name)]
    if not tables:
        return ""
    which = "is a table of boxes" if len(tables) == 1 else "are tables of boxes"
    return f"{listed(tables)} {which}: name the file."


_LOOKED_AT = 10  # tables of a folder


def _called_after_splits(folder: Path) -> list[Named]:
    found = []
    for name in names_in(folder):
        stem, dot, suffix = name.lower().rpartition(".")
        splits = [match[1] for word in _BETWEEN.split(stem) if (match := _SPLIT.fullmatch(word))]
        if dot and f".{suffix}" in _SUFFIXES and len({*splits}) == 1:
            found.append(Named(folder / name, splits[0]))
    return found


def _in_folders_of_splits(folder: Path) -> list[Named]:
    return [
        Named(below / name, below.name)
        for below in folders_in(folder)
        if is_split(below.name)
        for name in names_in(below)
        if name.lower().endswith(_SUFFIXES)
    ]


def is_table(path: Path) -> bool:
    """Tell whether the columns of a file are those of boxes, by its first lines."""
    from anchoraudit.formats.table.lines import NOTHING
    from anchoraudit.formats.table.table_file import read_rows

    try:
        read_rows(path, () if path.suffix.lower() == ".parquet" else NOTHING)
    except AnchorauditError:
        return False
    return True
