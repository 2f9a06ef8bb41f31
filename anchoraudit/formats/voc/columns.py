"""Joins the chunks that files were read into to columns of the whole data set."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.columns import Flags
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.voc.xml import Chunk


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns over F files and M objects, in the order of the files.

    status: F bytes, as in `voc.xml.Chunk`.
    file_names: F texts of <filename>.
    image_traits: uint32 [F], bits of `ImageTrait`.
    sizes: float64 [F, 2], declared width and height in pixels as they stand, NaN if missing.
    counts: int64 [F], objects in each file.
    names: names of the classes, sorted.
    category: int64 [M], index into `names`, -1 without a class.
    xyxy: float64 [M, 4], in pixels.
    difficult: bool [M].
    traits: uint32 [M], bits of `BoxTrait`.
    """

    status: bytes
    file_names: list[str]
    image_traits: Flags
    sizes: Float
    counts: Int
    names: list[str]
    category: Int
    xyxy: Float
    difficult: Bool
    traits: Flags
    findings: list[Finding]


def joined(chunks: Sequence[Chunk]) -> Columns:
    """Join chunks in their order."""
    names = sorted({name for chunk in chunks for name in chunk.names})
    index = {name: i for i, name in enumerate(names)}
    categories = []
    for chunk in chunks:
        # -1 stands for objects without a name: as an index it picks the last entry, which is -1.
        own = np.array([*(index[name] for name in chunk.names), -1], dtype=np.int64)
        categories.append(own[np.frombuffer(chunk.category, dtype=np.int64)])
    return Columns(
        status=b"".join(chunk.status for chunk in chunks),
        file_names=[name for chunk in chunks for name in chunk.file_names],
        image_traits=_flags(chunk.image_traits for chunk in chunks),
        sizes=_floats(chunk.sizes for chunk in chunks).reshape(-1, 2),
        counts=_whole([np.frombuffer(chunk.counts, dtype=np.int64) for chunk in chunks]),
        names=names,
        category=_whole(categories),
        xyxy=_floats(chunk.xyxy for chunk in chunks).reshape(-1, 4),
        difficult=np.frombuffer(b"".join(chunk.difficult for chunk in chunks), dtype=np.bool_).copy(),
        traits=_flags(chunk.traits for chunk in chunks),
        findings=[finding for chunk in chunks for finding in chunk.findings],
    )


def _floats(columns: Iterable[array[float]]) -> Float:
    parts = [np.frombuffer(column, dtype=np.float64) for column in columns]
    return np.concatenate(parts) if parts else np.empty(0)


def _flags(columns: Iterable[array[int]]) -> Flags:
    parts = [np.frombuffer(column, dtype=np.uint32) for column in columns]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint32)


def _whole(parts: list[Int]) -> Int:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
