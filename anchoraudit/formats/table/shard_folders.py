"""Which files of a folder are its shards, and what in it is left out or not looked at.

As Spark, Hive and pyarrow do, files and folders whose names begin with `_` or `.` are left out: a job that
still writes, or has failed, leaves such. A folder `x.parquet/` is what Spark writes in place of a file.
Sources: Spark 4, `HadoopFSUtils.shouldFilterOutPathName` (which reads `_key=value`) and
`PartitioningAwareFileIndex`; pyarrow 26, `pyarrow.dataset.FileSystemFactoryOptions`, `ignore_prefixes`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from anchoraudit.dataset.splits import is_split
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.images.found import IMAGE_FOLDERS, is_image_name
from anchoraudit.io import stores
from anchoraudit.io.addresses import is_address
from anchoraudit.io.folders import walk
from anchoraudit.io.packed import suffix_of
from anchoraudit.io.stores import folder_above, inside

SUFFIX = ".parquet"
_TEXTS = (".csv", ".tsv", ".jsonl", ".ndjson")  # of tables that are not read beside Parquet
_DEEP = 32  # folders within each other: at an address nothing tells that they go round in a circle
_LOOKED_INTO = 1_000  # folders below one that holds no shards
_FAR = 20  # folders at an address, each of which is a request
_TRIED = 3  # files of a folder that may be tables


class Shards(NamedTuple):
    """What was found in a folder.

    files: the Parquet files, those of a folder before those of its folders, by name. others: folders that
    hold no shards by their names. notes: what was left out.
    """

    files: tuple[Path, ...]
    others: tuple[Path, ...]
    notes: tuple[str, ...]


def shards_in(folder: Path) -> Shards:
    """Find the Parquet files of a folder, and of its folders for splits and `key=value` and `x.parquet/`.

    A folder or file that several links lead to is found once, if possible by its own name. A link to nothing,
    and a folder that cannot be listed, are among the files, so that whoever reads them says so.
    """
    walked = _Walk()
    walked.enter(folder, _real(folder), _DEEP)
    for path, is_folder, deep in walked.links:  # there may be more of them meanwhile
        walked.take(path, _real(path), is_folder, deep)
    files = walked.files
    if walked.links:
        files = sorted(files, key=lambda path: _order(path.relative_to(folder).parts))
    notes = [*_hidden(walked.hidden, folder), *_repeated(walked.repeated, folder)]
    beside = [
        path.name for path in walked.texts if path.parent == folder and "class" not in path.name.lower()
    ]
    if beside and files:
        notes.append(f"not read, beside Parquet files: {_listed(beside)}")
    return Shards(tuple(files), tuple(walked.others), tuple(notes))


def is_hidden(name: str) -> bool:
    """Tell whether programs leave out a file or folder of this name among shards."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def hint_at_hidden(folder: Path) -> str:
    """Say what to do about the Parquet files of a folder that are left out; "" without any."""
    names = [each.path.name for each in inside(folder) if _is_parquet(each.path.name)]
    hidden = [name for name in names if is_hidden(name)]
    if not hidden or len(hidden) < len(names):
        return ""
    return f"Parquet files whose names begin with _ or . are left out ({_listed(hidden)}): name the file."


def chosen(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the matches of a pattern that are read, and notes on the others.

    A name that begins with `_` is left out, unless those of all matches do, so that the pattern asks for it.
    Files such as `_annotations.csv` are none of Spark's.
    """
    above = folder_above(paths)
    plain = [
        path
        for path in paths
        if not any(map(is_hidden, path.relative_to(above).parts[:-1]))
        and (not is_hidden(path.name) or suffix_of(path) in _TEXTS)
    ]
    plain = plain or list(paths)
    left = {*paths}.difference(plain)
    # A mark such as _SUCCESS is no table.
    return plain, _hidden([path for path in paths if path in left and (path.suffix or path.is_dir())], above)


def once(files: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return files without those that are others by another name, and a note on these."""
    if not files or is_address(files[0]):
        return list(dict.fromkeys(files)), []
    distinct = list(dict.fromkeys(files))
    above = folder_above(distinct)
    root = _real(above)
    real_of = lru_cache(maxsize=1024)(_real)
    reals = [
        _real(path) if path.is_symlink() else os.path.join(real_of(path.parent), path.name)  # noqa: PTH118
        for path in distinct
    ]
    own = [os.path.join(root, *path.relative_to(above).parts) for path in distinct]  # noqa: PTH118
    first: dict[str, Path] = {}
    for is_own in (True, False):
        for path, real, expected in zip(distinct, reals, own, strict=True):
            if (real == expected) == is_own:
                first.setdefault(real, path)
    kept = {*first.values()}
    return [path for path in distinct if path in kept], _repeated(
        [path for path in distinct if path not in kept], above
    )


def tables_in(others: Sequence[Path], read: Sequence[Path]) -> tuple[list[tuple[Path, int]], list[str]]:
    """Return the first of the tables in each folder that was not read, and how many there are; and notes.

    others: the folders. read: the files that are read.
    """
    from anchoraudit.formats.table.folders import is_table

    found: list[tuple[Path, int]] = []
    unknown: list[str] = []
    known: set[str] = set()
    for number, folder in enumerate(others):
        looking = _far if is_address(folder) else _near
        files = None if looking is _far and number >= _FAR else looking(folder)
        if files is None:
            unknown.append(f"{printable(folder.name)}/")
            continue
        if files and not known:
            known = set(map(_real, read))
        files = [path for path in files if _real(path) not in known]
        if any(map(is_table, files[:_TRIED])):
            found.append((files[0], len(files)))
    return found, [f"not looked into for tables: {_listed(unknown)}"] if unknown else []


def _near(folder: Path) -> list[Path] | None:
    """Return the Parquet files below a folder of this machine; None if it has too many files and folders."""
    found: list[Path] = []
    with suppress(AnchorauditError):
        for number, (below, names) in enumerate(walk(folder, _is_usual)):
            if number == _LOOKED_INTO:
                return found or None
            if not any(map(is_hidden, filter(None, below.split("/")))):
                found += [folder / below / name for name in names if _is_shard(name)]
        return found
    return found or None


def _is_usual(name: str) -> bool:
    return _is_parquet(name) or is_image_name(name)


def _far(folder: Path) -> list[Path] | None:
    """Return the Parquet files in a folder at an address; None if it is one of images, or does not answer."""
    if folder.name in IMAGE_FOLDERS:  # whose list may be a thousand requests
        return None
    with suppress(AnchorauditError):
        return [each.path for each in inside(folder) if not each.is_folder and _is_shard(each.path.name)]
    return None


@dataclass(slots=True)
class _Walk:
    """What is found meanwhile.

    seen: the real paths of folders and files. links: each with whether it leads to a folder, and how many
    folders may be within each other there.
    """

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    repeated: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    links: list[tuple[Path, bool, int]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def enter(self, folder: Path, real: str, deep: int) -> None:
        """Look into a folder. deep: how many folders may be within each other."""
        self.seen.add(real)
        there = inside(folder)
        before = len(self.files), len(self.links)
        for is_folder in (False, True):
            for each in there:
                if each.is_folder == is_folder and self._is_wanted(each):
                    if each.is_link:
                        self.links.append((each.path, is_folder, deep))
                    else:
                        self.take(each.path, f"{real}{os.sep}{each.path.name}", is_folder, deep)
        if deep < _DEEP and before == (len(self.files), len(self.links)):
            is_closed = not is_address(folder) and not os.access(folder, os.R_OK)
            if is_closed or _is_parquet(folder.name):
                self.files.append(folder)

    def take(self, path: Path, real: str, is_folder: bool, deep: int) -> None:
        """Take a file, or look into a folder, if that was not done by another name."""
        if real in self.seen and os.path.lexists(real):  # links to nothing are not the same
            self.repeated.append(path)
        elif is_folder and deep:
            self.enter(path, real, deep - 1)
        else:
            self.seen.add(real)
            self.files.append(path)

    def _is_wanted(self, each: stores.Inside) -> bool:
        """Tell whether a file is a shard, or a folder has some, by its name; keep what is not."""
        name = each.path.name
        holds = each.is_folder and ("=" in name or is_split(name.removesuffix(SUFFIX)))
        is_wanted = holds or _is_parquet(name)
        if is_hidden(name):
            if is_wanted or (each.is_folder and name.startswith("_")):
                self.hidden.append(each.path)
            return False
        if not is_wanted and each.is_folder:
            self.others.append(each.path)
        elif not is_wanted and suffix_of(each.path) in _TEXTS:
            self.texts.append(each.path)
        return is_wanted


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def _is_shard(name: str) -> bool:
    return _is_parquet(name) and not is_hidden(name)


def _real(path: Path) -> str:
    """Return the path without links, as text; an address as it is."""
    return str(path) if is_address(path) else os.path.realpath(path)


def _order(parts: Sequence[str]) -> list[tuple[bool, str]]:
    """Return what paths are sorted by: the files of a folder come before those of its folders."""
    return [*((True, part) for part in parts[:-1]), (False, parts[-1])]


def _hidden(paths: Sequence[Path], above: Path) -> list[str]:
    if not paths:
        return []
    return [f"left out, as their names begin with _ or .: {_listed(_names(paths, above))}"]


def _repeated(paths: Sequence[Path], above: Path) -> list[str]:
    return [f"left out, as links to what is read: {_listed(_names(paths, above))}"] if paths else []


def _names(paths: Iterable[Path], above: Path) -> Iterator[str]:
    return (path.relative_to(above).as_posix() for path in paths)


def _listed(names: Iterable[str]) -> str:
    from anchoraudit.formats._builder import listed  # which needs NumPy

    return listed(list(map(printable, names)))
