"""Objects in lists, one list for each image, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.layout import Layout
from anchoraudit.formats.table.rows import Rows


@dataclass(slots=True)
class Objects:
    """M objects of N images.

    parents: int64 [M], the image of each. place: int64 [M], its position in the list. numbers: float64
    [M, 4], as the file has them. empty: bool [M, 4], where nothing is written. broken: bool [M], where four
    numbers are expected and others are found. shown: what is written there. classes: names that the file
    declares. short: images whose lists have different lengths.
    """

    parents: Int
    place: Int
    numbers: Float
    empty: Bool
    labels: Texts
    crowd: Bool
    broken: Bool
    shown: Callable[[int], str]
    classes: list[str] = field(default_factory=list)
    short: list[int] = field(default_factory=list)


def rows_of(
    objects: Objects,
    images: Mapping[str, Texts],
    sizes: Mapping[str, Float],
    layout: Layout,
    *,
    path: Path,
    item: str,
    at: Int,
) -> Rows:
    """Return a table with a row for each object; an image without objects is a row itself.

    images: texts of the N images, by the names of `dialects`. sizes: float64 [N], width and height, where the
    file has them. item, path: as in `Rows`. at: int64 [N], the row or line of each image, from 0.
    """
    count = len(at)
    lonely = np.flatnonzero(np.bincount(objects.parents, minlength=count) == 0)
    no = np.zeros(len(lonely), dtype=np.bool_)
    order = np.argsort(np.concatenate([objects.parents, lonely]), kind="stable")
    parents = np.concatenate([objects.parents, lonely])[order]
    texts = {name: column.take(parents) for name, column in images.items()}
    if layout.label:
        names = [*objects.labels.names, ""]
        codes = np.concatenate([objects.labels.codes, np.full(len(lonely), len(names) - 1)])
        texts["label"] = Texts.of_codes(codes[order], names)
    corners = np.concatenate([objects.numbers, np.full((len(lonely), 4), np.nan)]).take(order, axis=0)
    empty = np.concatenate([objects.empty, ~np.zeros((len(lonely), 4), dtype=np.bool_)]).take(order, axis=0)
    dialect = layout.dialect()
    numbers = {name: Numbers(corners[:, i], empty[:, i]) for i, name in enumerate(dialect.box)}
    numbers |= {name: Numbers.of_floats(sides[parents]) for name, sides in sizes.items()}
    rows = Rows(
        path,
        dialect,
        item,
        texts,
        numbers,
        at=np.concatenate([objects.place, np.full(len(lonely), -1, dtype=np.int64)])[order],
        broken=np.flatnonzero(np.concatenate([objects.broken, no])[order]),
        parents=at[parents],
        crowd=np.concatenate([objects.crowd, no])[order],
        classes=objects.classes,
        unnamed=not layout.image,
    )
    rows.findings += [
        Finding(
            "PAR003",
            "bbox is not a list of four numbers",
            str(path),
            rows.place(row),
            objects.shown(int(order[row])),
        )
        for row in rows.broken.tolist()
    ]
    words = "its list of classes is not as long as that of its boxes"
    first = np.searchsorted(parents, objects.short).tolist()
    rows.findings += [Finding("PAR003", words, str(path), rows.place_of_image(row)) for row in first]
    return rows
