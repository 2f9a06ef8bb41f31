"""The annotations of one COCO file as columns, before they are joined with its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.columns import Flags, Ids
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.formats.coco.ids import id_column


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
    bboxes = list(map(attrgetter("bbox"), annotations))
    xywh = np.fromiter(chain.from_iterable(bboxes), np.float64, 4 * count).reshape(-1, 4)
    iscrowd = np.fromiter(map(attrgetter("iscrowd"), annotations), np.float64, count)
    areas = list(map(attrgetter("area"), annotations))
    area = np.array(areas, dtype=np.float64)
    traits = np.zeros(count, dtype=np.uint32)
    traits[_whole_numbers(bboxes, xywh)] |= np.uint32(BoxTrait.WHOLE_NUMBERS)
    traits[np.isnan(iscrowd)] |= np.uint32(BoxTrait.NO_ISCROWD)
    traits[np.isnan(area)] |= np.uint32(BoxTrait.NO_AREA)
    traits[np.fromiter(map(attrgetter("ignore"), annotations), np.bool_, count)] |= np.uint32(BoxTrait.IGNORE)
    if None in areas:  # null
        rows = [row for row, value in enumerate(areas) if value is None]
        traits[rows] ^= np.uint32(BoxTrait.NO_AREA | BoxTrait.AREA_NOT_A_NUMBER)
    for position, more in (odd or {}).items():
        traits[np.searchsorted(entry, position)] |= np.uint32(more)
    with np.errstate(over="ignore", invalid="ignore"):  # a result that is not finite is reported later
        xywh[:, 2:] += xywh[:, :2]
    return AnnotationColumns(
        ids=id_column(map(attrgetter("id"), annotations)),
        image_ids=id_column(map(attrgetter("image_id"), annotations)),
        category_ids=id_column(map(attrgetter("category_id"), annotations)),
        xyxy=xywh,
        crowd=(iscrowd != 0) & ~np.isnan(iscrowd),
        difficult=np.fromiter(map(attrgetter("difficult"), annotations), np.bool_, count),
        area=area,
        traits=traits,
        entry=entry,
    )


def _whole_numbers(bboxes: Sequence[tuple[int | float, ...]], xywh: Float) -> Int:
    """Return the rows whose four numbers are integers in the file, not floats such as 5.0."""
    rows = np.arange(len(xywh))
    for column in xywh.T:  # few rows of floats are left after the first column
        rows = rows[np.trunc(column[rows]) == column[rows]]
    found = rows.tolist()
    if set(map(type, chain.from_iterable(bboxes[row] for row in found))) == {int}:
        return rows
    return np.array([row for row in found if set(map(type, bboxes[row])) == {int}], dtype=np.int64)


def appended(first: AnnotationColumns, second: AnnotationColumns) -> AnnotationColumns:
    """Join the columns of a file that was read in two parts."""
    columns = {
        field.name: np.concatenate([getattr(first, field.name), getattr(second, field.name)])
        for field in fields(AnnotationColumns)
        if field.name != "entry"
    }
    return AnnotationColumns(**columns, entry=np.arange(len(first.entry) + len(second.entry)))
