"""`from_torch`: a data set of a training script, before any loader makes batches of it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read


def from_torch(
    dataset: Any,
    *,
    convention: str | None = None,
    image_folder: str | Path | None = None,
    columns: str | Mapping[str, str | int] | None = None,
) -> Dataset:
    """Return a torch Dataset, or a data set of a framework, as a data set that can be audited.

    `read`, `audit`, `compare`, `advise` and `export` take the same; this function says what it reads.

    Parameters
    ----------
    dataset : Dataset of torch, of a framework, or of Hugging Face
        One of those that keep their annotations, which are read without opening a picture and without
        transforms: ``CocoDetection`` and ``VOCDetection`` of torchvision, also wrapped for
        ``transforms.v2``; ``Dataset`` and ``DatasetDict`` of `datasets`; ``YOLODataset`` of Ultralytics;
        ``BaseDetDataset`` of MMDetection; dataset dicts of detectron2, in a list or a ``DatasetFromList``;
        ``Subset`` and ``ConcatDataset`` of them. Of any other, ``dataset[i]`` is asked for each item: a pair
        of an image and a dict with ``boxes`` (``x1, y1, x2, y2`` in pixels of that image) and ``labels``, or
        such a dict.
    convention : str, optional
        What the four numbers of a box mean, where the data set does not say it, or says it wrongly: "xywh",
        "xyxy", ... Default: the data set's own; of a `datasets.Dataset`, what its first boxes show.
    image_folder : str or Path, optional
        The folder of the images. Default: where the data set has them.
    columns : str or mapping, optional
        Of a `datasets.Dataset`: what its columns are, as in `read`.

    Returns
    -------
    Dataset
        Columns over N images and M boxes, in the order of the items. Boxes are ``x1, y1, x2, y2`` in pixels
        of the stored image, with continuous coordinates; of a data set of unknown kind, of the image that it
        hands over.

    Raises
    ------
    AnchorauditError
        If it is a loader, an IterableDataset, or a path; if an item is not understood, or the data set raises
        at one; if the convention is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> class Pictures:
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, i):
    ...         return np.zeros((3, 480, 640)), {"boxes": [[10, 20, 110, 220]], "labels": [1]}
    ...
    >>> dataset = from_torch(Pictures())
    >>> dataset.images.width.tolist(), dataset.boxes.xyxy.tolist()[0]
    ([640.0, 640.0], [10.0, 20.0, 110.0, 220.0])
    """
    if isinstance(dataset, str | PathLike):
        raise AnchorauditError(
            "this is a path, not a data set in memory",
            path=Path(dataset),
            remedy="`anchoraudit.read` reads files and folders.",
        )
    return read(dataset, box_convention=convention, image_folder=image_folder, columns=columns)
