"""The annotations of one COCO file as columns, before they are joined with its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.columns import Ids
from anchoraudit.formats.coco.ids import id_column


@dataclass(frozen=True, slots=True)
class AnnotationColumns:
    """Columns over M annotations, in file order.

    ids, image_ids, category_ids: [M], as in the file, "" if missing.
    xyxy: float64 [M, 4], in pixels.
    crowd, difficult: bool [M].
    area: float64 [M], as declared, NaN if missing.
    entry: int64 [M], position in the file's list.
    """

    ids: Ids
    image_ids: Ids
    category_ids: Ids
    xyxy: Float
    crowd: Bool
    difficult: Bool
    area: Float
    entry: Int


def annotation_columns(annotations: Sequence[Any], positions: list[int] | None = None) -> AnnotationColumns:
    """Turn decoded entries into columns. positions: those in the file's list, if some were dropped."""
    count = len(annotations)
    xywh = np.fromiter(chain.from_iterable(map(attrgetter("bbox"), annotations)), np.float64, 4 * count)
    xyxy = xywh.reshape(-1, 4)
    with np.errstate(over="ignore", invalid="ignore"):  # a result that is not finite is reported later
        xyxy[:, 2:] += xyxy[:, :2]
    return AnnotationColumns(
        ids=id_column(map(attrgetter("id"), annotations)),
        image_ids=id_column(map(attrgetter("image_id"), annotations)),
        category_ids=id_column(map(attrgetter("category_id"), annotations)),
        xyxy=xyxy,
        crowd=np.fromiter(map(attrgetter("iscrowd"), annotations), np.bool_, count),
        difficult=np.fromiter(map(attrgetter("difficult"), annotations), np.bool_, count),
        area=np.array(list(map(attrgetter("area"), annotations)), dtype=np.float64),
        entry=np.arange(count) if positions is None else np.asarray(positions, dtype=np.int64),
    )


def appended(first: AnnotationColumns, second: AnnotationColumns) -> AnnotationColumns:
    """Join the columns of a file that was read in two parts."""
    columns = {
        field.name: np.concatenate([getattr(first, field.name), getattr(second, field.name)])
        for field in fields(AnnotationColumns)
        if field.name != "entry"
    }
    return AnnotationColumns(**columns, entry=np.arange(len(first.entry) + len(second.entry)))
