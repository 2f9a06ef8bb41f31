"""A part of a data set: some of its images, with their boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Int, stable_argsort
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
    place = np.full(len(dataset.images), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return _taken(dataset, rows, np.flatnonzero(place[dataset.boxes.image] >= 0), place)


def divided(dataset: Dataset, number: Int) -> Iterator[tuple[Dataset, Int, Int]]:
    """Divide the images of a data set, and yield each part as `of_images` returns it.

    number: int64 [N], in which part each image is, from 0; each part has some. Yields the rows of its images
    and of its boxes with each: int64, ascending.
    """
    of_box = number[dataset.boxes.image]
    order, box_order = stable_argsort(number), stable_argsort(of_box)
    every = np.arange(int(number.max(initial=-1)) + 2)
    ends = np.searchsorted(number[order], every).tolist()
    box_ends = np.searchsorted(of_box[box_order], every).tolist()
    del of_box
    place = np.full(len(number), -1, dtype=np.int64)
    for part in range(len(every) - 1):
        rows = order[ends[part] : ends[part + 1]]
        boxes = box_order[box_ends[part] : box_ends[part + 1]]
        place[:] = -1
        place[rows] = np.arange(len(rows))
        yield _taken(dataset, rows, boxes, place), rows, boxes


def _taken(dataset: Dataset, rows: Int, box_rows: Int, place: Int) -> Dataset:
    """Return some images and their boxes. place: int64 [N], the new row of each image, -1 without one."""
    images = dataset.images
    columns: dict[str, Any] = {}
    for one in fields(images):
        value = getattr(images, one.name)
        if value is not None:
            columns[one.name] = (
                [value[row] for row in rows.tolist()] if isinstance(value, list) else value[rows]
            )
    boxes = dataset.boxes.take(box_rows)
    lines = {int(place[row]): text for row, text in dataset.label_lines.items() if place[row] >= 0}
    return replace(
        dataset,
        images=replace(images, **columns),
        boxes=replace(boxes, image=place[boxes.image]),
        label_lines=lines,
    )
