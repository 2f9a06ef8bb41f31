"""A part of a data set: some of its images, with their boxes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset


def of_images(dataset: Dataset, rows: Int) -> Dataset:
    """Return the data set with these images only, in this order, and the boxes of them in file order.

    rows: int64 [n], rows of the images, each at most once. Findings, splits, classes and sources stay.

    Examples
    --------
    >>> part = of_images(read("sample_data/coco"), np.array([20, 3]))
    >>> len(part.images), len(part.boxes), part.images.file_names[0]
    (2, 6, 'family.jpg')
    """
    images = dataset.images
    columns: dict[str, Any] = {}
    for one in fields(images):
        value = getattr(images, one.name)
        if value is not None:
            columns[one.name] = (
                [value[row] for row in rows.tolist()] if isinstance(value, list) else value[rows]
            )
    place = np.full(len(images), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    boxes = dataset.boxes.take(np.flatnonzero(place[dataset.boxes.image] >= 0))
    lines = {int(place[row]): text for row, text in dataset.label_lines.items() if place[row] >= 0}
    return replace(
        dataset,
        images=replace(images, **columns),
        boxes=replace(boxes, image=place[boxes.image]),
        label_lines=lines,
    )
