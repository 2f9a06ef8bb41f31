"""Tables in a folder: those with the name of a program's, those called after a split, and single ones.

NumPy is not imported here, because every folder is looked at to recognise it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from anchoraudit.dataset.splits import is_split, is_training
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io import packed
from anchoraudit.io.folders import files_ending, folders_in, is_file

# Roboflow's, and those of the ImageFolder of `datasets`. Of the latter, only JSON Lines are surely of images.
_USUAL = ("_annotations.csv", "metadata.jsonl", "metadata.csv", "metadata.parquet")
_SURE = _USUAL[:2]
_PLAIN = (".csv", ".tsv", ".jsonl", ".ndjson")
_SUFFIXES = (*_PLAIN, *(f"{plain}{own}" for plain in _PLAIN for own in packed.SUFFIXES))
_SPLIT = re.compile(r"(train(?:ing|val)?|val(?:id|idation)?|test(?:ing)?|dev|eval|minival)\d*")
_LOOKED_AT = 10  # tables of a folder
_BETWEEN = re.compile(r"[^a-z0-9]+")


class Named(NamedTuple):
    """A table, and the name of its split, "" if its rows may name it."""

    path: Path
    split: str


def usual_tables(folder: Path) -> list[Named]:
    """Return the tables of programs in a folder, or in its folders for splits; [] without any."""
    folders = folders_in(folder)
    for name in _USUAL:
        if is_file(file := folder / name) and (name in _SURE or is_table(file)):
            return [Named(file, "")]
        below = [file for each in folders if is_file(file := each / name)]
        if found := [Named(file, file.parent.name) for file in below if name in _SURE or is_table(file)]:
            return found
    return []


def tables_of_splits(folder: Path) -> list[Named]:
    """Return the tables of a folder that are called after a split, `train_labels.csv`, or lie in its folder.

    [] also if two tables are of the same one, or none is of training and there are others: nobody can tell
    what is meant.
    """
    found: dict[str, Named] = {}
    for path, split in _called_after_splits(folder) or _in_folders_of_splits(folder):
        if is_table(path):
            if split in found:
                return []
            found[split] = Named(path, split)
    if found and not any(map(is_training, found)):
        rest = {*_tables_in(folder)} - {path for path, _ in found.values()}
        return [] if any(map(is_table, rest)) else list(found.values())
    return list(found.values())


def only_table(folder: Path) -> list[Named]:
    """Return the table of a folder, if one of its first files of rows is a table of boxes, and no other."""
    found = [path for path in _tables_in(folder)[:_LOOKED_AT] if is_table(path)]
    return [Named(found[0], "")] if len(found) == 1 else []


def other_tables(folder: Path, read: list[Path]) -> list[str]:
    """Return a note on the CSV files of a folder that are not read, if there are any.

    read: the files that are. Lists of classes are named elsewhere.
    """
    from anchoraudit.formats._builder import listed

    names = {path.name for path in read if path.parent == folder}
    others = [path.name for path in _tables_in(folder) if packed.suffix_of(path) == ".csv"]
    others = [name for name in others if name not in names and "class" not in name.lower()]
    return [f"not read: {listed(others)}"] if names and others else []


def hint(folder: Path) -> str:
    """Return what would make a folder with tables a data set; "" if it has none."""
    every = _tables_in(folder)
    tables = [path.name for path in every[:_LOOKED_AT] if is_table(path)]
    if not tables:
        return ""
    from anchoraudit.formats._builder import listed

    if len(tables) == 1:
        return f"{tables[0]} is a table of boxes: name the file."
    suffixes = {packed.whole_suffix(path) for path in every}
    may_be_one = len(suffixes) == 1 and len(tables) == len(every[:_LOOKED_AT])
    or_all = f", or all: '{printable(folder.name)}/*{suffixes.pop()}'" if may_be_one else ""
    return f"{listed(tables)} are tables of boxes: name the file{or_all}."


def _tables_in(folder: Path) -> list[Path]:
    return files_ending(folder, _SUFFIXES)


def _called_after_splits(folder: Path) -> list[Named]:
    found = []
    for path in _tables_in(folder):
        words = _BETWEEN.split(path.stem.lower())
        splits = {match[1] for word in words if (match := _SPLIT.fullmatch(word))}
        if len(splits) == 1:
            found.append(Named(path, splits.pop()))
    return found


def _in_folders_of_splits(folder: Path) -> list[Named]:
    return [
        Named(path, below.name)
        for below in folders_in(folder)
        if is_split(below.name)
        for path in _tables_in(below)
    ]


def is_table(path: Path) -> bool:
    """Tell whether the columns of a file are those of boxes, by its first lines."""
    from anchoraudit.formats.table.lines import NOTHING
    from anchoraudit.formats.table.table_file import is_parquet, read_rows

    try:
        read_rows(path, () if is_parquet(path) else NOTHING)
    except AnchorauditError:
        return False
    return True
