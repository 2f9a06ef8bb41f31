"""Results of earlier runs, so that a part that was read yesterday is not read again.

Each result is a file, named by a hash of all that it follows from: the stamp of its piece (path, size and
time), the version of anchoraudit, the settings, and what the part has in common with the others, such as the
classes. So a result is never wrong, only missing, and the folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from os import DirEntry, PathLike, fspath, scandir
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

import anchoraudit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.pieces import Index, Keys, Piece
from anchoraudit.dataset.readings import ranks_in_parts
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import ReadOptions
from anchoraudit.io.addresses import is_address
from anchoraudit.io.files import read_bytes
from anchoraudit.io.outputs import IGNORE, is_unfinished, make_folder, make_own_folder, replacing
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.plan import Plan
from anchoraudit.partitions.settings import Settings
from anchoraudit.partitions.skeleton import plain_skeleton

_MARK = b"anchoraudit part 3\n"  # raise the number when a result changes its meaning
_OWN_FOLDER = "Name a new folder, or one that nothing else is in"
_CHECKED = len(_MARK) + 32  # bytes before the result: the mark, and its SHA-256


class Cache:
    """A folder of results: a new one, an empty one, or one that has nothing but results of earlier runs.

    It is made when there is something to keep. Raises AnchorauditError for any other folder. What is in it
    and cannot be read is ignored.
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        if not fspath(folder):  # of an unset variable; as a path it would be the working directory
            raise AnchorauditError("the cache has no name", remedy=f"{_OWN_FOLDER}, such as --cache audited")
        if is_address(folder):
            raise AnchorauditError(
                "the cache is a folder of this machine, and no address", path=folder, remedy=f"{_OWN_FOLDER}."
            )
        self._folder = Path(folder)
        _require_own(self._folder)
        self._is_made = False

    def get(self, key: str) -> bytes | None:
        """Return what was put there; None if there is nothing, or if it is broken."""
        with suppress(OSError, MemoryError):
            content = read_bytes(self._path(key))
            body = content[_CHECKED:]
            if content[:_CHECKED] == _MARK + hashlib.sha256(body).digest():
                return body
        return None

    def put(self, key: str, body: bytes) -> None:
        """Keep something. Raises AnchorauditError if it cannot be written."""
        if not self._is_made:
            make_folder(self._folder.parent)
            make_own_folder(self._folder)
            self._is_made = True
        path = self._path(key)
        make_folder(path.parent, parents=False)
        with replacing(path, own=True) as stream:
            stream.write(_MARK + hashlib.sha256(body).digest() + body)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]  # so that no folder gets many files


def _require_own(folder: Path) -> None:
    """Raise AnchorauditError if a folder has something else than results in it.

    Version control is told to leave out all that is in a cache: the user's files must not be in it.
    """
    with suppress(OSError), scandir(folder) as entries:  # where it cannot be listed, making it says why
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not _is_own(entry):
                raise AnchorauditError(
                    f"this folder is no cache: it has other files, such as {entry.name}",
                    path=folder,
                    remedy=f"{_OWN_FOLDER}, such as --cache {shlex.quote(str(folder / 'audited'))}",
                )


def _is_own(entry: DirEntry[str]) -> bool:
    """Tell whether a file or folder may be in a cache: by its name, and that of a file in it."""
    if entry.name in (IGNORE, ".DS_Store") or entry.name.startswith("._") or is_unfinished(entry.name):
        return True
    if not re.fullmatch("[0-9a-f]{2}", entry.name) or not entry.is_dir():
        return False
    with scandir(entry.path) as files:
        names = (file.name for file in files if not is_unfinished(file.name))
        return re.fullmatch("[0-9a-f]{62}", next(names, "0" * 62)) is not None


class KeptIndices:
    """What pieces name, kept by their stamps. A piece without a stamp is not kept."""

    def __init__(self, cache: Cache, format: str, options: ReadOptions) -> None:
        self._cache = cache
        self._base = ("index with ends", anchoraudit.__version__, format, list(options.splits))

    def get(self, piece: Piece) -> Index | None:
        """Return what is kept of a piece, if anything."""
        body = self._cache.get(self._key(piece)) if piece.stamp else None
        if body is None:
            return None
        plain = msgspec.msgpack.decode(body)
        keys, files, splits = (_array(plain[name]) for name in ("keys", "files", "splits"))
        assert keys is not None
        names = tuple(plain["split_names"])
        ends = None if plain["ends"] is None else tuple(plain["ends"])
        own = None if splits is None else splits.astype(np.int64)
        return Index(keys, plain["told"], files, own, names, ends, plain["is_whole"])

    def put(self, piece: Piece, index: Index) -> None:
        """Keep what a piece names."""
        if piece.stamp:
            plain = {
                "told": index.told,
                "keys": _bytes(index.keys),
                "files": _bytes(index.files),
                "splits": _bytes(index.splits),
                "split_names": index.split_names,
                "ends": index.ends,
                "is_whole": index.is_whole,
            }
            self._cache.put(self._key(piece), msgspec.msgpack.encode(plain))

    def _key(self, piece: Piece) -> str:
        return _hash([*self._base, piece.name, piece.stamp])


class KeptAudits:
    """The audits of parts, kept by the stamps of their pieces, their settings, and what they have in common.

    How many parts there are, and which number a part has, makes no difference.
    """

    def __init__(self, cache: Cache, plan: Plan, settings: Settings, about: Mapping[str, Any]) -> None:
        self._cache, self._plan, self._about = cache, plan, about
        self._base = _hash(
            [
                *("audit", anchoraudit.__version__, settings.to_builtins()),
                *(_in_common(plan.skeleton), plan.apart.not_checked),
            ]
        )

    def get(self, part: int) -> Partial | None:
        """Return what is kept of a part, if anything."""
        key = self._key(part)
        body = None if key is None else self._cache.get(key)
        if body is None:
            return None
        with suppress(AnchorauditError):  # of another form
            return _numbered(Partial.from_json(body), self._about, part)
        return None

    def put(self, part: int, found: Partial) -> None:
        """Keep the audit of a part."""
        key = self._key(part)
        if key is not None:
            self._cache.put(key, replace(found, about={}).to_json().encode())

    def _key(self, part: int) -> str | None:
        """Return what a result is kept by; None if it is not kept."""
        plan, spread = self._plan, self._plan.apart.pieces
        numbers = list(spread) if part == len(plan.parts.pieces) else [part]
        pieces = [plan.parts.pieces[number] for number in numbers]
        if part in plan.failed or not all(piece.stamp for piece in pieces):
            return None
        apart = [spread.get(number, "") for number in numbers]
        own = [[piece.name, piece.stamp, keys] for piece, keys in zip(pieces, apart, strict=True)]
        return _hash([self._base, part == len(plan.parts.pieces), own])


def _bytes(numbers: npt.NDArray[Any] | None) -> bytes | None:
    return None if numbers is None else numbers.astype("<u8").tobytes()


def _array(content: bytes | None) -> Keys | None:
    return None if content is None else np.frombuffer(content, dtype="<u8").astype(np.uint64)


def _in_common(skeleton: Dataset) -> dict[str, Any]:
    """Return what the audit of a part follows from besides its own rows.

    Of the numbers of boxes in the whole, a part is told which classes have any, and of how many its own are
    a sample.
    """
    plain = plain_skeleton(skeleton)
    del plain["recognised"]  # it says how many rows there are
    if skeleton.class_boxes is not None:
        plain["class_boxes"] = (skeleton.class_boxes > 0).tolist()
        plain["sampled from"] = ranks_in_parts(skeleton)
    return plain


def _numbered(found: Partial, about: Mapping[str, Any], part: int) -> Partial:
    """Return the audit of a part, which had another number in another run."""
    groups = {
        group: own._replace(
            first=tuple(((place[0], part, *place[2:]), finding) for place, finding in own.first)
        )
        for group, own in found.found.items()
    }
    worst = tuple(((*place[:-2], part, place[-1]), image) for place, image in found.worst)
    return replace(found, about=about, parts=(part,), found=groups, worst=worst)


def _hash(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
