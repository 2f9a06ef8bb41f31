"""The annotations of one COCO file as columns, before they are joined with its images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from msgspec.structs import astuple

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.columns import Flags, Ids
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.formats.coco.ids import id_column

_BLOCK = 1024  # entries whose values are sorted by field at a time: they stay in a core's cache


@dataclass(frozen=True, slots=True)
class AnnotationColumns:
    """Columns over M annotations, in file order.

    ids, image_ids, category_ids: [M], as in the file, "" if missing.
    xyxy: float64 [M, 4], in pixels.
    crowd, difficult: bool [M].
    area: float64 [M], as declared, NaN if missing.
    traits: uint32 [M], bits of `BoxTrait`, without those of the segmentation.
    entry: int64 [M], position in the file's list.
    """

    ids: Ids
    image_ids: Ids
    category_ids: Ids
    xyxy: Float
    crowd: Bool
    difficult: Bool
    area: Float
    traits: Flags
    entry: Int


def annotation_columns(
    annotations: Sequence[Any],
    positions: list[int] | None = None,
    odd: Mapping[int, BoxTrait] | None = None,
) -> AnnotationColumns:
    """Turn decoded entries into columns.

    positions: those in the file's list, if some were dropped. odd: traits of entries, by position in that
    list, beyond those that the decoded entries show.

    Raises OverflowError if an integer is beyond a double's range.
    """
    count = len(annotations)
    entry = np.arange(count) if positions is None else np.asarray(positions, dtype=np.int64)
    values = by_field(annotations)
    xywh = np.fromiter(chain.from_iterable(values["bbox"]), np.float64, 4 * count).reshape(-1, 4)
    crowd, no_iscrowd = _crowds(values["iscrowd"])
    area = np.array(values["area"], dtype=np.float64)
    no_area = np.isnan(area)
    traits = np.zeros(count, dtype=np.uint32)
    traits[_whole_numbers(values["bbox"], xywh)] |= np.uint32(BoxTrait.WHOLE_NUMBERS)
    traits[no_iscrowd] |= np.uint32(BoxTrait.NO_ISCROWD)
    traits[no_area] |= np.uint32(BoxTrait.NO_AREA)
    traits[_true(values["ignore"])] |= np.uint32(BoxTrait.IGNORE)
    if no_area.any() and None in values["area"]:  # null
        rows = [row for row, value in enumerate(values["area"]) if value is None]
        traits[rows] ^= np.uint32(BoxTrait.NO_AREA | BoxTrait.AREA_NOT_A_NUMBER)
    for position, more in (odd or {}).items():
        traits[np.searchsorted(entry, position)] |= np.uint32(more)
    with np.errstate(over="ignore", invalid="ignore"):  # a result that is not finite is reported later
        xywh[:, 2:] += xywh[:, :2]
    return AnnotationColumns(
        ids=id_column(values["id"]),
        image_ids=id_column(values["image_id"]),
        category_ids=id_column(values["category_id"]),
        xyxy=xywh,
        crowd=crowd,
        difficult=_true(values["difficult"]),
        area=area,
        traits=traits,
        entry=entry,
    )


def by_field(entries: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the values of each field of decoded entries, in their order."""
    if not entries:
        return defaultdict(list)
    names = entries[0].__struct_fields__
    columns: list[list[Any]] = [[] for _ in names]
    for first in range(0, len(entries), _BLOCK):
        rows = map(astuple, entries[first : first + _BLOCK])
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return dict(zip(names, columns, strict=True))


def _crowds(values: Sequence[Any]) -> tuple[Bool, Bool]:
    """Tell which values of `iscrowd` are not 0, and which are missing."""
    try:  # mostly, all are small whole numbers
        return np.frombuffer(bytes(values), dtype=np.uint8) != 0, np.zeros(len(values), dtype=np.bool_)
    except (TypeError, ValueError):
        numbers = np.array(values, dtype=np.float64)
        missing = np.isnan(numbers)
        return (numbers != 0) & ~missing, missing


def _true(values: Sequence[Any]) -> Bool:
    """Tell which values are true; mostly, none is."""
    if any(values):
        return np.fromiter(values, np.bool_, len(values))
    return np.zeros(len(values), dtype=np.bool_)


def _whole_numbers(bboxes: Sequence[tuple[int | float, ...]], xywh: Float) -> Int:
    """Return the rows whose four numbers are integers in the file, not floats such as 5.0."""
    rows = np.arange(len(xywh))
    for column in xywh.T:  # few rows of floats are left after the first column
        rows = rows[np.trunc(column[rows]) == column[rows]]
    found = rows.tolist()
    if set(map(type, chain.from_iterable(bboxes[row] for row in found))) == {int}:
        return rows
    return np.array([row for row in found if set(map(type, bboxes[row])) == {int}], dtype=np.int64)


def joined(parts: Sequence[AnnotationColumns]) -> AnnotationColumns:
    """Join the columns of a file that was read in parts."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(AnnotationColumns)
        if field.name != "entry"
    }
    return AnnotationColumns(**columns, entry=np.arange(sum(len(part.entry) for part in parts)))
