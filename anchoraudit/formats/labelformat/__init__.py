"""KITTI, CVAT, Labelbox: read by the library labelformat (`pip install 'anchoraudit[labelformat]'`).

The library (https://github.com/lightly-ai/labelformat) also reads formats that this package reads itself,
without stopping at errors. The library stops at the first thing it cannot read, and so does this reader.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats.labelformat.layout import find_kind

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "labelformat"
LOOKS_FOR = (
    "KITTI (label_2/ or labels/ beside image_2/ or images/), CVAT's annotations.xml, Labelbox' .ndjson "
    "(needs the extra labelformat)"
)
EXAMPLE = "Car 0.00 0 -1.58 10 20 110 70 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
EXAMPLE_PATH = "label_2/000001.txt"
EXAMPLE_BESIDE = {"image_2/000001.png": (640, 480)}
NOT_READ = "polygons, masks, rotations, and all that is in three dimensions"


def detect(path: Path) -> Detection | None:
    """Recognise one of these formats by names and first bytes."""
    found = find_kind(path)
    if found is None:
        return None
    where, reason = found
    return Detection(NAME, where, reason, Sureness.CONTENT if where == path else Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read the data set with the library.

    Raises AnchorauditError if the library is not installed, or if it cannot read a file.
    """
    from anchoraudit.formats.labelformat.assembly import assemble

    return assemble(detection, options)
