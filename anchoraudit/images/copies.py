"""Images with the same bytes. Only files with the same size and the same ends are read in full."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.images.rows import Rows, Table


def candidates(rows: Rows) -> Int:
    """Return files that may be copies and whose hash is unknown: rows, ascending.

    Copies have the same size and the same mark, the CRC-32 of the part that is read for the header. Of
    118,000 photographs half share their size with another, but hardly any share both unless they are copies.
    So hardly more than the copies are read in full.
    """
    table = rows.table
    rest = np.flatnonzero(table["read"] & (table["size"] > 0))
    rest = rest[~np.isin(rest, list(rows.passing))]
    keys = table["size"][rest].astype(np.uint64) << np.uint64(32) | table["mark"][rest]
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    several = np.zeros(len(rest), dtype=np.bool_)
    several[order[1:][same]] = several[order[:-1][same]] = True
    found: Int = rest[several & ~table["hashed"][rest]]
    return found


def first_copies(table: Table, file: Int) -> Int:
    """Return for each image the first image with the same bytes, -1 if there is none before it: int64 [N].

    file: int64 [N], each image's row in `table`, -1 without a file. Images that share a file count as copies,
    empty files do not.
    """
    content = np.arange(len(table))
    seen: dict[bytes, int] = {}
    for row in np.flatnonzero(table["hashed"]).tolist():
        content[row] = seen.setdefault(table["digest"][row].tobytes(), row)
    first = np.full(len(file), -1, dtype=np.int64)
    images = np.flatnonzero(file >= 0)
    images = images[table["size"][file[images]] > 0]
    _, earliest, group = np.unique(content[file[images]], return_index=True, return_inverse=True)
    leader = images[earliest[group]]
    first[images] = np.where(leader < images, leader, -1)
    return first
