"""How many boxes each class has in each source: the class table and some loaders go by it."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset


def boxes_of_classes(dataset: Dataset) -> Int:
    """Count the boxes of each class in each source, crowds included: int64 [S, C].

    Of a part of a data set, those of the whole, so that each part gets the same classes.

    Examples
    --------
    >>> boxes_of_classes(read("sample_data/coco")).sum(axis=1).tolist()
    [27, 10]
    """
    if dataset.class_boxes is not None:
        return dataset.class_boxes
    classes, sources = len(dataset.categories), max(len(dataset.sources), 1)
    category = dataset.boxes.category
    known = category >= 0
    if not known.all():
        category = category[known]
    if sources == 1:
        return np.bincount(category, minlength=classes)[None]
    image = dataset.boxes.image if len(category) == len(known) else dataset.boxes.image[known]
    cells = dataset.images.source[image] * classes + category
    return np.bincount(cells, minlength=sources * classes).reshape(sources, classes)
