"""Tables in many files: a folder of Parquet, or folders such as `train/` or `split=train/` (Hive partitions).

Rows of all files of a split are one table. So an image whose rows are in two files is one image. Sources:
Spark SQL, "Partition Discovery" (`key=value` folders are columns); `datasets` 5.2, `data_files.py` (splits
from file names such as `train-00000-of-00003.parquet`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import is_split
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import not_read
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.columns import Texts
from anchoraudit.formats.table.names import column_called
from anchoraudit.formats.table.rows import Rows, concatenated
from anchoraudit.formats.table.shard_folders import SUFFIX
from anchoraudit.formats.table.table_file import Stretch, read_ends, read_rows
from anchoraudit.io.addresses import NoAnswerError

LISTS = "lists of objects"  # among columns: a row is an image
_NOTHING = "__HIVE_DEFAULT_PARTITION__"  # the value of a folder for rows without one
_NAMED = re.compile(r"([A-Za-z]+)([-_.]|$)")  # what a file name begins with


def by_split(folder: Path, shards: Sequence[Path], asked: Columns = ()) -> list[tuple[list[Path], str]]:
    """Group files by their splits, "" for files of which none names one.

    asked: the columns that the user names. A split is a `split=` folder, or the name of a folder of each
    file, or what all file names begin with.
    """
    keyed = [_keys_of(folder, path, asked).get("split", _Key("", "")).value for path in shards]
    above = [next(filter(is_split, _folders(folder, path)), "") for path in shards]
    named = [match[1] if (match := _NAMED.match(path.name)) else "" for path in shards]
    ways = [keyed] if any(keyed) else [way for way in (above, named) if all(map(is_split, way))]
    splits = ways[0] if ways else [""] * len(shards)
    return [
        ([path for path, own in zip(shards, splits, strict=True) if own == split], split)
        for split in dict.fromkeys(splits)
    ]


def _folders(folder: Path, path: Path) -> list[str]:
    """Return the names of the folders that a file is in, from the inside, without `key=value`.

    Those of a folder such as `train.parquet/` are without the suffix.
    """
    names = [part for part in path.relative_to(folder).parts[-2::-1] if "=" not in part]
    return [name.removesuffix(SUFFIX) for name in names]


class _Key(NamedTuple):
    """A column that a folder is. called: its name. value: "" for nothing, as in an empty cell."""

    called: str
    value: str


def _keys_of(folder: Path, path: Path, asked: Columns = ()) -> dict[str, _Key]:
    """Return the columns that the folders of a file are, by the names of `dialects`.

    asked: the columns that the user names.
    """
    parts = [part.partition("=") for part in path.relative_to(folder).parts[:-1] if "=" in part]
    values = {key: "" if value == _NOTHING else unquote(value) for key, _, value in parts}
    columns = {what: column_called(what, list(values)) for what in ("split", "label")}
    # A folder `name=cat` is more likely a class.
    columns["image"] = column_called("image", [key for key in values if key.lower() != "name"])
    columns |= {what: called for what, called in asked if what in columns and called in values}
    return {what: _Key(called, values[called]) for what, called in columns.items() if called}


def read_shards(
    folder: Path, shards: Sequence[Path], asked: Columns = ()
) -> tuple[Rows | None, list[Finding], AnchorauditError | None]:
    """Read the files of a split as one table. A file that cannot be read, or has other columns, is a finding.

    asked: as of `read_rows`. Returns no rows, but the findings, if none of them can be read; and the first
    error. Raises AnchorauditError if their server does not answer.
    """
    read: list[tuple[str, Rows]] = []
    findings: list[Finding] = []
    failed: AnchorauditError | None = None
    for path in shards:
        try:
            rows = read_shard(folder, path, asked=asked)
        except NoAnswerError:
            raise
        except AnchorauditError as error:
            failed = failed or error
            findings.append(not_read(path, error))
            continue
        if read and (words := difference(columns_of(read[0][1]), columns_of(rows))):
            words = f"its columns are not those of {read[0][0]}: {words}"
            findings.append(not_read(path, AnchorauditError(words)))
            continue
        read.append((path.relative_to(folder).as_posix(), rows))
    return (join_rows(folder, read, findings) if read else None), findings, failed


def read_shard(
    folder: Path, path: Path, stretch: Stretch | None = None, *, only_texts: bool = False, asked: Columns = ()
) -> Rows:
    """Read one of the files, with the columns that the names of its folders are.

    stretch, only_texts, asked: as of `read_rows`. Raises AnchorauditError as it does.
    """
    keys = _keys_of(folder, path, asked)
    outside = {what: key.called for what, key in keys.items()}
    read = read_rows(path, stretch, only_texts=only_texts, asked=asked, outside=outside)
    if only_texts and read.parents is not None and "label" in keys and not any(read.texts["label"].names):
        read = read_rows(path, stretch, asked=asked, outside=outside)  # which images have objects
    rows = _with_keys(read, {what: key.value for what, key in keys.items()})
    if rows.unnamed:  # a number of a row names no image of several files
        names, image = path.relative_to(folder).as_posix(), rows.texts["image"]
        rows.texts["image"] = replace(image, names=[f"{names}/{row}" for row in image.names])
    return rows


def read_ends_of_shard(
    folder: Path, path: Path, stretch: Stretch | None = None, asked: Columns = ()
) -> tuple[Rows, tuple[str, str]] | None:
    """Return what `read_ends` returns of one of the files; None also if its folders name columns."""
    return None if _keys_of(folder, path, asked) else read_ends(path, stretch, asked)


def _with_keys(rows: Rows, keys: dict[str, str]) -> Rows:
    """Return rows with the columns that folders are, where the file has none. keys: their values."""
    missing = {what: text for what, text in keys.items() if what not in rows.texts}
    if rows.parents is None:
        added = {what: Texts.same(text, len(rows)) for what, text in missing.items()}
    else:
        added = {what: Texts.same(text, len(rows)) for what, text in missing.items() if what != "label"}
        own = rows.texts.get("label")
        if "label" in keys and not (own and any(own.names)):  # that of objects: an image without any has none
            added["label"] = Texts.of_codes((rows.at < 0).astype(np.int64), [keys["label"], ""])
    return replace(rows, texts={**rows.texts, **added}) if added else rows


def columns_of(rows: Rows) -> list[str]:
    """Return what must be the same in all files: the columns that are read, and whether a row is an image.

    Sizes may be missing: they are then read from the images. Without a column of crowds, no box is one.
    """
    own = {*rows.dialect.at, *rows.texts} - {"width", "height", "crowd"}
    return sorted(own if rows.parents is None else {*rows.texts, LISTS})


def difference(first: Collection[str], own: Collection[str]) -> str:
    """Say how the columns of a file differ from those of the first; "" if they do not."""
    if (LISTS in first) != (LISTS in own):
        return "a row is an image in one, and a box in the other"
    lacking, more = sorted({*first} - {*own}), sorted({*own} - {*first})
    words = [f"it lacks {', '.join(lacking)}"] * bool(lacking) + [f"it has {', '.join(more)} too"] * bool(
        more
    )
    return " and ".join(words)


def join_rows(folder: Path, read: Sequence[tuple[str, Rows]], findings: list[Finding]) -> Rows:
    """Put the rows of files below a folder, each with its name, behind each other."""
    starts = np.cumsum([0, *(rows.end for _, rows in read)]).tolist()
    files = tuple((start, name) for start, (name, _) in zip(starts, read, strict=False))
    return replace(concatenated([rows for _, rows in read], starts, findings), path=folder, files=files)
