"""Keeps facts about files from run to run. A file with the same size and time is not read again.

The cache is one file: a mark, a checksum, and MessagePack with the rows of each folder as bytes. 118,000
files load in about 50 ms. A cache that is damaged, or from another version of this module or of Pillow, is
ignored.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.errors import AnchorauditError
from anchoraudit.images.folders import Folder
from anchoraudit.images.rows import ROW, Rows
from anchoraudit.io.files import read_bytes
from anchoraudit.io.outputs import make_own_folder, replacing

_MARK = b"anchoraudit images 1\n"  # raise the number when a field of a row changes its meaning


class Kept(msgspec.Struct, array_like=True, gc=False):
    """The files of one folder. names: joined by NUL, which no name contains, encoded by `_bytes`."""

    names: bytes
    table: bytes
    problem: dict[int, str]
    undecoded: dict[int, str]


class _File(msgspec.Struct, array_like=True):
    """The whole cache. reader: the result of `_reader` when it was written. folders: by absolute path."""

    reader: str
    folders: dict[bytes, Kept]


Known = Mapping[bytes, Kept]


def load(path: Path) -> Known:
    """Return the content of the cache file `path`, by folder. Empty if it cannot be read."""
    with suppress(OSError, ValueError, MemoryError):  # msgspec's errors are ValueErrors
        content = read_bytes(path)
        checked = len(_MARK) + 4
        body = content[checked:]
        if content[:checked] == _MARK + _checksum(body):
            file = msgspec.msgpack.decode(body, type=_File)
            if file.reader == _reader():
                return {name: kept for name, kept in file.folders.items() if _is_sound(kept)}
    return {}


def recall(known: Known, folders: Sequence[Folder]) -> Rows:
    """Return the rows of the files of `folders`: size and time as they are now, and facts if unchanged."""
    rows = Rows.empty(sum(len(folder.names) for folder in folders))
    for folder in folders:
        at = folder.rows()
        kept = known.get(_bytes(folder.path))
        if kept is not None:
            names, old = _unpacked(kept)
            same, place = unchanged(folder, {name: i for i, name in enumerate(names)}, old)
            rows.put(at[same], old.take(place))
        rows.table["size"][at], rows.table["mtime"][at] = folder.sizes, folder.times
    return rows


def unchanged(folder: Folder, index: Mapping[str, int], old: Rows) -> tuple[Int, Int]:
    """Return which files of `folder` have a row in `old` with their size and time, and these rows: int64 [n].

    index: the row of each name.
    """
    place = np.array([index.get(name, -1) for name in folder.names], dtype=np.int64)
    same = np.flatnonzero(place >= 0)
    for field, now in (("size", folder.sizes), ("mtime", folder.times)):
        same = same[old.table[field][place[same]] == np.array(now, dtype=np.int64)[same]]
    return same, place[same]


def save(path: Path, known: Known, folders: Sequence[Folder], rows: Rows) -> None:
    """Write the facts about the files of `folders`, and the rest of `known`. Errors are ignored.

    Files that exist but are not in this data set are kept, because the next one may use them. So are other
    folders, as long as they exist.
    """
    with suppress(OSError, ValueError, MemoryError, AnchorauditError):
        file = _File(_reader(), {name: kept for name, kept in known.items() if Path(_text(name)).is_dir()})
        for folder in folders:
            if folder.names:
                name = _bytes(folder.path)
                file.folders[name] = _merged(known.get(name), folder, rows)
        body = msgspec.msgpack.encode(file)
        if not path.parent.is_dir():
            make_own_folder(path.parent)
        with replacing(path, own=True) as stream:
            stream.write(_MARK + _checksum(body) + body)


def _reader() -> str:
    """Say what a row depends on: the row's fields, and Pillow's version, since it learns to read more."""
    from PIL import __version__  # this import loads nothing else

    return f"Pillow {__version__}, {ROW.descr}"


def _is_sound(kept: Kept) -> bool:
    names = kept.names.count(b"\0") + 1 if kept.names else 0
    return len(kept.table) == names * ROW.itemsize


def _bytes(name: str) -> bytes:
    """Encode any name, even one that is not UTF-8 on disk or that no disk can hold."""
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little")


def _merged(kept: Kept | None, folder: Folder, rows: Rows) -> Kept:
    """Return the rows of `folder` that are valid for the next run, then those of its other files."""
    at = folder.rows()
    holds = rows.table["read"][at] & ~np.isin(at, list(rows.passing))
    names = [folder.names[i] for i in np.flatnonzero(holds).tolist()]
    own = rows.take(at[holds])
    if kept is None:
        return _packed(names, own)
    old_names, old = _unpacked(kept)
    elsewhere = folder.on_disk.difference(folder.names)
    others = [i for i, name in enumerate(old_names) if name in elsewhere]
    both = Rows.empty(len(names) + len(others))
    both.put(np.arange(len(names)), own)
    both.put(np.arange(len(names), len(both.table)), old.take(np.array(others, dtype=np.int64)))
    return _packed(names + [old_names[i] for i in others], both)


def _packed(names: list[str], rows: Rows) -> Kept:
    return Kept(_bytes("\0".join(names)), rows.table.tobytes(), rows.problem, rows.undecoded)


def _unpacked(kept: Kept) -> tuple[list[str], Rows]:
    names = _text(kept.names).split("\0") if kept.names else []
    return names, Rows(np.frombuffer(kept.table, dtype=ROW), kept.problem, kept.undecoded)
