"""Ultralytics' `YOLODataset`: its `labels`, a dict for each image, as its own loader made them of the files.

Images that the loader left out are not among them, and classes and repeated boxes are as it left them. The
numbers are float32 fractions, as the network gets them. Source: ultralytics 8.4.190, data/dataset.py
`result_to_label`, data/base.py `update_labels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._memory.held import held, plain, without_transforms

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

TITLE = "Ultralytics' YOLODataset"
NAME = Path("<YOLODataset>")
_KEYS = frozenset(["im_file", "shape", "cls", "bboxes"])


def recognises(dataset: Any) -> bool:
    """Tell whether it has labels with the keys of Ultralytics."""
    labels = held(dataset, "labels")
    first = labels[0] if isinstance(labels, Sequence) and labels else None
    return isinstance(first, Mapping) and set(first) >= _KEYS


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read its labels.

    Raises AnchorauditError for labels in an order of numbers that Ultralytics does not have.
    """
    import numpy as np

    from anchoraudit.dataset.conventions import CXCYWH_FRACTIONS, XYWH, XYXY, Convention
    from anchoraudit.dataset.readings import boxes_of
    from anchoraudit.formats._builder import BoxRow, ImageRow
    from anchoraudit.formats._memory.labelled import labelled

    # What the names are in Ultralytics: its "xywh" has the centre, its "ltwh" the corner.
    orders = {"xywh": Convention("cxcywh"), "xyxy": XYXY, "ltwh": XYWH}
    rows: list[ImageRow] = []
    labels: list[int] = []
    for at, label in enumerate(dataset.labels):
        written = str(label.get("bbox_format", "xywh"))
        if written not in orders:
            raise AnchorauditError(
                f"boxes are in the format {written!r}, which Ultralytics does not have",
                path=NAME,
                place=f"labels[{at}]['bbox_format']",
                remedy=f"It has {', '.join(orders)}.",
            )
        unit = "fractions" if label.get("normalized", True) else "pixels"
        height, width = (float(side) for side in label["shape"][:2])
        numbers = np.asarray(label["bboxes"], dtype=np.float64).reshape(-1, 4)
        sizes = np.tile((width, height), (len(numbers), 1))
        corners = boxes_of(numbers, sizes, Convention(orders[written].order, unit)).tolist()
        outline = len(label.get("segments", ())) > 0
        file = str(label["im_file"])
        rows.append(
            ImageRow(
                file,
                [
                    BoxRow((x1, y1, x2, y2), entry=j, outline=outline)
                    for j, (x1, y1, x2, y2) in enumerate(corners)
                ],
                width=width,
                height=height,
                place=f"labels[{at}]",
                entry=at,
            )
        )
        labels += [int(one) for one in np.asarray(label["cls"]).reshape(-1).tolist()]
    whole = labelled(
        NAME,
        rows,
        labels,
        _names(dataset),
        options,
        recognised=f"{type(dataset).__name__}: its {len(rows):,} labels in memory",
        places=("labels[{image}]", "labels[{image}]['bboxes'][{box}]"),
        convention=CXCYWH_FRACTIONS,
    )
    if held(dataset, "augment"):
        whole.notes += ["its augmentations are not applied: boxes are as its label files have them"]
    else:
        whole.notes += without_transforms(dataset)
    return whole


def _names(dataset: Any) -> list[str] | None:
    """Return the names of the classes, in the order of their numbers; None if it has none."""
    data = held(dataset, "data")
    names = plain(data.get("names")) if isinstance(data, Mapping) else None
    if isinstance(names, Mapping):
        if sorted(names) != list(range(len(names))):
            return None
        names = [names[number] for number in range(len(names))]
    return [str(name) for name in names] if isinstance(names, Sequence) and names else None
