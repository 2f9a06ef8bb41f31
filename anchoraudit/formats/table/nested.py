"""Reads Parquet with one row for each image and a list of its objects, as Hugging Face data sets have it.

`objects` is a struct of lists (`{"bbox": [[...], ...], "category": [...]}`) or a list of structs
(`[{"bbox": [...], "category": ...}, ...]`); or the lists are columns themselves. Corners with names of their
own are corners. Source: `datasets` 5.2, `features/features.py: List, Sequence, ClassLabel`, and its guide to
object detection: a `bbox` is x, y, width, height, as in COCO.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.formats._builder import shorten
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.arrow import numbers_of, texts_of, values_of
from anchoraudit.formats.table.columns import Texts, joined_texts
from anchoraudit.formats.table.dialects import Dialect
from anchoraudit.formats.table.layout import Kind, Layout, layout_of
from anchoraudit.formats.table.objects import Objects, rows_of
from anchoraudit.formats.table.row_groups import ArrowRows, opened
from anchoraudit.formats.table.rows import Rows
from anchoraudit.images.sizes import size_in

_BATCH = 64  # rows whose pictures are in memory at a time


def kinds_of(schema: pa.Schema) -> dict[str, Kind]:
    """Return what each column holds."""
    return {column.name: _kind_of(column.type) for column in schema}


def _kind_of(kind: pa.DataType) -> Kind:
    if is_list(kind):
        return Kind(inner=_kind_of(kind.value_type))
    if pa.types.is_struct(kind):
        return Kind(fields={each.name: _kind_of(each.type) for each in kind})
    return Kind(is_bytes=bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind)))


def boxes_in_groups(path: Path, asked: Columns = ()) -> list[int]:
    """Return how many boxes each row group of a file has, or rows if these are more, by its own counts.

    asked: the columns that the user names. Raises AnchorauditError if the file cannot be read.
    """
    with opened(path) as file:
        about, layout = file.file.metadata, layout_of(kinds_of(file.schema), asked)
        groups = [about.row_group(group) for group in file.groups]
        rows = [group.num_rows for group in groups]
        paths = [about.schema.column(column).path.split(".") for column in range(about.num_columns)]
        column = next((at for at, names in enumerate(paths) if layout and layout.first in names), None)
        if layout is None or column is None:
            return rows
        numbers = 4 if layout.box else 1  # of each box in the column; an empty list counts as one
        counted = [group.column(column).num_values // numbers for group in groups]
        return list(map(max, rows, counted))


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def read_nested(file: ArrowRows, layout: Layout, path: Path) -> Rows:
    """Read the objects of rows as a table with one row for each; a row without objects is one itself."""
    texts = {"image": names_of_images(file, layout)}
    if layout.split:
        texts["split"] = texts_of(file.column(layout.split))
    at = np.arange(file.first, file.first + file.count)
    objects = _objects(file, layout)
    return rows_of(objects, texts, dict(_sizes(file, layout)), layout, path=path, item="row", at=at)


def read_nested_texts(file: ArrowRows, layout: Layout, path: Any) -> Rows:
    """Read names of images, splits and classes only. A row without objects is one itself."""
    labels, parents = Texts.same("", 0), np.zeros(0, dtype=np.int64)
    if layout.label:
        (lists,) = _lists(file, layout, (layout.label,)).values()
        parents = values_of(pc.list_parent_indices(lists)).astype(np.int64)
        own = texts_of(pa.chunked_array([pc.list_flatten(lists)]))
        labels = _named(own, _class_names(file.schema, layout))
    lonely = np.flatnonzero(np.bincount(parents, minlength=file.count) == 0)
    parents = np.concatenate([parents, lonely])
    texts = {"image": names_of_images(file, layout)}
    if layout.split:
        texts["split"] = texts_of(file.column(layout.split))
    texts = {name: column.take(parents) for name, column in texts.items()}
    texts["label"] = joined_texts([labels, Texts.same("", len(lonely))])
    return Rows(
        path,
        Dialect("", {}, len(file.schema.names)),
        "row",
        texts,
        {},
        at=np.zeros(len(parents), dtype=np.int64),
        parents=parents + file.first,
        classes=_class_names(file.schema, layout),
        unnamed=not layout.image,
    )


def _objects(file: ArrowRows, layout: Layout) -> Objects:
    lists = _lists(file, layout)
    first = lists[layout.first]
    parents = values_of(pc.list_parent_indices(first)).astype(np.int64)
    start = np.searchsorted(parents, np.arange(file.count))
    of = len(parents)
    values = pc.list_flatten(first)
    broken = np.zeros(of, dtype=np.bool_)
    if layout.box:
        fours, broken = _fours(values)
        empty = np.zeros_like(fours, dtype=np.bool_)
    else:
        columns = [_aligned(lists[name], first)[0] for name in layout.corners.values()]
        numbers = [numbers_of(pa.chunked_array([column]), nan_is_nothing=True) for column in columns]
        fours = np.column_stack([number.values for number in numbers])
        empty = np.column_stack([number.empty for number in numbers])
    labels, names = Texts.same("", of), []
    short: list[int] = []
    if layout.label:
        own, short = _aligned(lists[layout.label], first)
        names = _class_names(file.schema, layout)
        labels = _named(texts_of(pa.chunked_array([own])), names)
    crowd = np.zeros(of, dtype=np.bool_)
    if layout.crowd:
        flags, _ = _aligned(lists[layout.crowd], first)
        crowd = numbers_of(pa.chunked_array([flags.cast(pa.float64())]), nan_is_nothing=True).values > 0
    place = np.arange(of) - start[parents]

    def shown(row: int) -> str:
        return shorten(values[row].as_py())

    return Objects(parents, place, fours, empty, labels, crowd, broken, shown, names, short)


def _lists(file: ArrowRows, layout: Layout, fields: Sequence[str] = ()) -> dict[str, pa.Array]:
    """Return fields of the objects, each as a list for every row. fields: which; all needed ones if ()."""
    needed = fields or (layout.box, *layout.corners.values(), layout.label, layout.crowd)
    wanted = [name for name in needed if name]
    if not layout.holder:
        return {name: _whole(file.column(name)) for name in wanted}
    column = _whole(file.column(layout.holder))
    if pa.types.is_struct(column.type):
        return {name: pc.struct_field(column, name) for name in wanted}
    values = pc.list_flatten(column)
    ends = np.cumsum(_lengths(column))
    offsets = pa.Array.from_buffers(pa.int64(), len(ends) + 1, [None, pa.py_buffer(np.append(0, ends))])
    return {name: pa.LargeListArray.from_arrays(offsets, pc.struct_field(values, name)) for name in wanted}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return (
        array
        if isinstance(array, pa.Array)
        else pa.concat_arrays(array.chunks or [pa.array([], column.type)])
    )


def _lengths(lists: pa.Array) -> Int:
    """Return the length of each list, 0 for a missing one: int64 [n]."""
    lengths: Int = values_of(pc.list_value_length(lists)).astype(np.int64)
    return lengths


def _aligned(lists: pa.Array, first: pa.Array) -> tuple[pa.Array, list[int]]:
    """Return the values of lists that go with those of `first`, null where a list is shorter.

    Also returns the rows whose lists have another length.
    """
    own, expected = _lengths(lists), _lengths(first)
    values = pc.list_flatten(lists)
    other = np.flatnonzero(own != expected)
    if not len(other):
        return values, []
    start = np.cumsum(own) - own
    of = np.repeat(np.arange(len(expected)), expected)
    place = np.arange(len(of)) - np.repeat(np.cumsum(expected) - expected, expected)
    at = pa.array(start[of] + place, mask=place >= own[of])
    return values.take(at), other.tolist()


def _fours(boxes: pa.Array) -> tuple[Float, Bool]:
    """Return lists of four numbers as float64 [M, 4], and which are none, bool [M]: they are NaN."""
    lengths = _lengths(boxes)
    flat = pc.list_flatten(boxes).cast(pa.float64(), safe=False)
    found = np.full((len(lengths), 4), np.nan)
    rows = np.flatnonzero(lengths == 4)
    places = (np.cumsum(lengths) - lengths)[rows, None] + np.arange(4)
    found[rows] = values_of(flat, np.nan)[places]
    broken = np.ones(len(lengths), dtype=np.bool_)
    broken[rows] = values_of(flat.is_null())[places].any(axis=1)
    return found, broken


def boxes_in(column: pa.ChunkedArray) -> tuple[Float, Bool, Bool, pa.Array]:
    """Return a column of lists as `cells.fours_of` does: numbers, where nothing is, where something else is.

    Last, the lists.
    """
    lists = _whole(column)
    found, broken = _fours(lists)
    empty = values_of(lists.is_null())
    return found, empty, broken & ~empty, lists


def names_of_images(file: ArrowRows, layout: Layout) -> Texts:
    """Return the name of each row's image: that of its column, or the number of the row."""
    if not layout.image:
        return Texts.of(map(str, range(file.first, file.first + file.count)))
    (read,) = file.table([layout.image]).flatten().columns
    return texts_of(read)


def _sizes(file: ArrowRows, layout: Layout) -> Iterator[tuple[str, Float]]:
    """Yield width and height of each row's image, float64 [N], as its columns or the image itself say."""
    if layout.width and layout.height:
        for name, column in (("width", layout.width), ("height", layout.height)):
            yield name, numbers_of(file.column(column), nan_is_nothing=True).values
    elif layout.picture:
        sizes = []
        for table in file.batches(_BATCH, layout.picture):
            (pictures,) = table.flatten().columns
            sizes += [_size(each) for each in pictures]
        for axis, name in enumerate(("width", "height")):
            yield name, np.array([size[axis] for size in sizes], dtype=np.float64)


def _size(picture: pa.Scalar) -> tuple[float, float]:
    return size_in(BytesIO(picture.as_buffer())) if picture.is_valid else (np.nan, np.nan)


def _named(labels: Texts, names: Sequence[str]) -> Texts:
    """Return class indices as the names that the file declares for them; others stay as they are."""
    known = {str(i): name for i, name in enumerate(names)}
    return Texts.of_codes(labels.codes, [known.get(text, text) for text in labels.names])


def _class_names(schema: pa.Schema, layout: Layout) -> list[str]:
    """Return the names of classes that `datasets` keeps beside the schema, [] without any."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        within = features[layout.holder] if layout.holder else features
        return list(map(str, next(_names_of_class_label(within, layout.label))))
    except (ValueError, KeyError, TypeError, StopIteration):
        return []


def _names_of_class_label(feature: Any, label: str, *, inside: bool = False) -> Iterator[list[str]]:
    """Yield the names of the ClassLabel that is the field `label` of a feature."""
    if isinstance(feature, list):
        for each in feature:
            yield from _names_of_class_label(each, label, inside=inside)
    elif isinstance(feature, dict):
        if inside and feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
            yield feature["names"]
        for key, each in feature.items():
            yield from _names_of_class_label(each, label, inside=inside or key == label)
