"""KITTI, CVAT and Labelbox, read by the library labelformat (`pip install 'anchoraudit[labelformat]'`).

The library (https://github.com/lightly-ai/labelformat) reads other formats too; those are read here
without it, tolerantly. It stops at the first thing it cannot read, and so does this.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, coco, voc, yolo
from anchoraudit.formats.labelformat.layout import find_kind

if TYPE_CHECKING:
    from anchoraudit.dataset import Dataset

NAME = "labelformat"
LOOKS_FOR = (
    "KITTI (label_2/ or labels/ beside image_2/ or images/), CVAT's annotations.xml, Labelbox' .ndjson "
    "(needs the extra labelformat)"
)


def detect(path: Path) -> Detection | None:
    """Tell whether `path` is one of these, by names and first bytes; COCO, VOC and YOLO come first.

    A folder whose only XML file is CVAT's cannot be Pascal VOC, so it is one of these.
    """
    found = find_kind(path)
    if found is None:
        return None
    kind, where, reason = found
    others = (coco, yolo) if kind == "cvat" else (coco, voc, yolo)
    if any(other.detect(path) is not None for other in others):
        return None
    return Detection(NAME, where, reason)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read it by the library.

    Raises AnchorauditError if the library is not installed, or cannot read a file, which it names.
    """
    from anchoraudit.formats.labelformat.assembly import assemble

    return assemble(detection, options)
