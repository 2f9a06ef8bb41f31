"""Columns that are set aside in a file, divided into buckets, of which some are read back at a time.

Rows of one image have one bucket, wherever they stand in a COCO file. Files of many ranges of it, each with
all buckets, together have the rows of a bucket; so a piece of the data set is some buckets of every file.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Int, stable_argsort
from anchoraudit.dataset.columns import Ids
from anchoraudit.dataset.pieces import Keys
from anchoraudit.io.outputs import scratch_folder

_BITS = 10
BUCKETS = 1 << _BITS  # of a hundred million boxes each has the boxes of a small piece
_DIGITS = 6  # some loaders write ids with so many digits, and take images of equal ones for one image
_RANKS = np.uint64((1 << 24) - 1)  # a piece has fewer images
_HEAD = 8  # bytes of the length of what describes the columns
_ODD, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)  # of the hash splitmix64

Column = npt.NDArray[Any] | Sequence[Any]


class Scratch:
    """A folder that is there as long as this object is, and no longer than the process that made it."""

    def __init__(self) -> None:
        stack = ExitStack()
        self.path = stack.enter_context(scratch_folder())
        self._finalizer = weakref.finalize(self, _close, stack, os.getpid())

    def __reduce__(self) -> tuple[Callable[[Path], _Borrowed], tuple[Path]]:
        """Send no more than the path to another process: the folder stays that of this one."""
        return _Borrowed, (self.path,)


class _Borrowed:
    """A folder of another process."""

    def __init__(self, path: Path) -> None:
        self.path = path


def _close(stack: ExitStack, owner: int) -> None:
    if os.getpid() == owner:  # not in a fork
        stack.close()


# Hashes of ids


def hashes(ids: Ids) -> Keys:
    """Return a hash of each id, the same on every machine: uint64 [n]. 7 and "7" have different ones.

    Raises OverflowError for a number beyond 64 bits.
    """
    if ids.dtype != object:
        return _mixed(ids)
    known = {each: _hash(each) for each in set(ids.tolist())}
    return np.fromiter((known[each] for each in ids.tolist()), np.uint64, len(ids))


def image_hashes(ids: Ids) -> Keys:
    """Return a hash of each image id: uint64 [n]. Ids that anything takes for the same have the same one.

    So 7 and "7" have, which a finding compares, and numbers that are equal once they are written with six
    digits. Raises OverflowError for a number beyond 64 bits.
    """
    if ids.dtype != object:
        return _mixed(_six_digits(ids))
    known = {each: _hash_of_image(each) for each in set(ids.tolist())}
    return np.fromiter((known[each] for each in ids.tolist()), np.uint64, len(ids))


def _hash_of_image(identity: int | str) -> int:
    if isinstance(identity, str):
        digits = identity.removeprefix("-")
        if not (digits.isdecimal() and len(digits) <= 19 and str(int(identity)) == identity):
            return _hash(identity)
        identity = int(identity)
        if not -(2**63) <= identity < 2**63:
            return _hash(str(identity))
    return _hash(int(_six_digits(np.array([identity], dtype=np.int64))[0]))


def _six_digits(ids: Int) -> Int:
    """Return numbers rounded to six digits as `f"{id:g}"` rounds them."""
    large = (ids >= 10**_DIGITS) | (ids <= -(10**_DIGITS))
    if not large.any():
        return ids
    found = ids.copy()
    with np.errstate(invalid="ignore"):
        # As the double nearest to it, which for the largest is beyond the range of integers.
        own = np.abs(np.clip(ids[large].astype(np.float64), -(2.0**62), 2.0**62)).astype(np.int64)
    unit = 10 ** (np.searchsorted(10 ** np.arange(1, 19), own, side="right") + 1 - _DIGITS)
    whole, rest = np.divmod(own, unit)
    up = (2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1))
    found[large] = (whole + up) * unit * np.sign(ids[large])
    return found


def _mixed(ids: Int) -> Keys:
    keys: Keys = ids.astype(np.uint64)  # two's complement
    keys += _ODD
    keys = (keys ^ (keys >> np.uint64(30))) * _SPREAD
    return keys ^ (keys >> np.uint64(27))


def _hash(identity: int | str) -> int:
    if isinstance(identity, int):
        return int(_mixed(np.array([identity], dtype=np.int64))[0])
    digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def groups_of(image_ids: Ids, salt: int) -> Keys:
    """Return the hash of each image id, of which images that belong together have the same: uint64 [n].

    salt: another one for each file. The last bits are 0, for the rank of an image among those of one hash.
    """
    keys: Keys = (image_hashes(image_ids) ^ _mixed(np.array([salt]))) & ~_RANKS
    return keys


def ranked(groups: Keys) -> Keys:
    """Return a key of its own for each image, whose first bits are those of `groups`: uint64 [n]."""
    order = np.argsort(groups, kind="stable")
    in_order = groups[order]
    keys = np.empty_like(groups)
    first = np.searchsorted(in_order, in_order)
    keys[order] = in_order | (np.arange(len(groups)) - first).astype(np.uint64)
    return keys


def are_of(groups: Keys, keys: Keys) -> Bool:
    """Tell which images belong together with one of those of these keys: bool [n]."""
    return np.isin(groups, keys & ~_RANKS)


def buckets_of(keys: Keys) -> Int:
    """Return the bucket of each hash: int64 [n]."""
    return (keys >> np.uint64(64 - _BITS)).astype(np.int64)


# Files


def set_aside(path: Path, buckets: Int, columns: Mapping[str, Column]) -> Int:
    """Write columns of n rows each. Return how many rows each bucket has: int64 [BUCKETS].

    buckets: int64 [n]. Whole numbers are kept as narrow as they fit; what is no number, as MessagePack.

    Raises OSError if the file cannot be written, OverflowError for a number beyond 64 bits.
    """
    order = stable_argsort(buckets)
    starts = np.searchsorted(buckets[order], np.arange(BUCKETS + 1))
    head: dict[str, tuple[str, int, int]] = {"": ("<i8", 1, 0)}  # type, numbers in a row, place
    chunks: list[Any] = [starts]
    at = starts.nbytes
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.dtype != object:
            chunk = _narrow(column).take(order, axis=0)
            head[name] = (chunk.dtype.str, int(np.prod(chunk.shape[1:], dtype=np.int64)), at)
            chunks.append(np.ascontiguousarray(chunk))
            at += chunk.nbytes
        else:
            texts = _by_bucket(column, order, starts)
            ends = np.cumsum([0, *map(len, texts)])
            head[name] = ("", 0, at)
            chunks += [ends, b"".join(texts)]
            at += ends.nbytes + int(ends[-1])
    described = msgspec.msgpack.encode(head)
    with path.open("wb") as file:
        file.write(len(described).to_bytes(_HEAD, "little") + described)
        for chunk in chunks:
            file.write(chunk)
    return np.diff(starts)


def _by_bucket(column: Column, order: Int, starts: Int) -> list[bytes]:
    values, rows, ends = list(column), order.tolist(), starts.tolist()
    encode = msgspec.msgpack.Encoder().encode
    return [
        encode([values[row] for row in rows[start:end]]) if end > start else b""
        for start, end in pairwise(ends)
    ]


def _narrow(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if column.dtype != np.int64 or not len(column):
        return column
    low, high = column.min(), column.max()
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return column.astype(kind)
    return column


def read_back(path: Path, first: int, last: int, names: Sequence[str]) -> dict[str, Any]:
    """Return columns of the buckets `first` to `last`, without `last`: arrays, and lists.

    Whole numbers are int64. Raises OSError if the file is gone.
    """
    found: dict[str, Any] = {}
    with path.open("rb", 0) as file:
        handle = file.fileno()
        length = int.from_bytes(os.pread(handle, _HEAD, 0), "little")
        head = msgspec.msgpack.decode(os.pread(handle, length, _HEAD), type=dict[str, tuple[str, int, int]])
        data = _HEAD + length

        def numbers(kind: str, start: int, count: int) -> npt.NDArray[Any]:
            size = np.dtype(kind).itemsize
            return np.frombuffer(os.pread(handle, count * size, data + start), dtype=kind)

        begin, end = numbers("<i8", 8 * first, 1)[0], numbers("<i8", 8 * last, 1)[0]
        for name in names:
            kind, width, at = head[name]
            if kind:
                size = width * np.dtype(kind).itemsize
                column = numbers(kind, at + int(begin) * size, int(end - begin) * width)
                column = column.astype(np.int64) if np.issubdtype(column.dtype, np.signedinteger) else column
                found[name] = column.reshape(-1, width) if width > 1 else column
            else:
                ends = numbers("<i8", at, BUCKETS + 1)[first : last + 1].tolist()
                text = os.pread(handle, ends[-1] - ends[0], data + at + 8 * (BUCKETS + 1) + ends[0])
                found[name] = [
                    value
                    for a, b in pairwise(ends)
                    if b > a
                    for value in msgspec.msgpack.decode(text[a - ends[0] : b - ends[0]])
                ]
    return found
