"""What LVIS adds to COCO: which classes were looked for in an image.

Source: "Data Format" on https://www.lvisdataset.org/dataset. An image has `neg_category_ids`, classes that
are surely not in it, and `not_exhaustive_category_ids`, classes of which not every object has a box. All
other classes without a box were not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from anchoraudit.errors import printable


def lvis_counts(images: Sequence[Any]) -> tuple[int, int]:
    """Count images that say which classes they do not have, and those of which not all objects have a box.

    images: `ImageEntry`, as they were decoded.
    """
    if list(map(attrgetter("neg_category_ids"), images)).count(None) == len(images):  # mostly, at once
        return 0, 0
    federated = [image for image in images if image.neg_category_ids is not None]
    return len(federated), sum(1 for image in federated if image.not_exhaustive_category_ids)


def lvis_note(path: Path, counts: tuple[int, int]) -> list[str]:
    """Return the note on a file of LVIS, [] for another file. counts: as of `lvis_counts`."""
    federated, partly = counts
    if not federated:
        return []
    return [
        f"{printable(path.name)} is LVIS: in {federated:,} images only some classes were looked for, and in "
        f"{partly:,} not every object of these has a box. A class without a box proves nothing"
    ]
