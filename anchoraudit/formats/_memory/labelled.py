"""Images with boxes whose classes are numbers, as frameworks keep them in memory, as a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from anchoraudit.dataset.columns import Category, Dataset, Source
from anchoraudit.dataset.conventions import XYXY, Convention
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._builder import ImageRow, join, part_of, report_missing, where_images
from anchoraudit.formats._memory.images import find_named

_MOST = 100_000  # classes without names; a larger number is a mistake


def labelled(
    name: Path,
    rows: Sequence[ImageRow],
    labels: Sequence[int],
    classes: Sequence[str] | None,
    options: ReadOptions,
    *,
    recognised: str,
    places: tuple[str, str],
    convention: Convention = XYXY,
    findings: Sequence[Finding] = (),
) -> Dataset:
    """Return the images of rows and their boxes as a data set.

    name: what it is called in findings. labels: the class of each box, which is its index among the outputs
    of the network; -1 for none. classes: their names; None where they are just numbers. places: how an image
    and a box are written, as in `Source`. findings: what else is wrong.
    """
    numbers = np.array(labels, dtype=np.int64)
    if classes is None:
        classes = [*map(str, range(min(int(numbers.max(initial=-1)) + 1, _MOST)))]
    categories = [Category(number, own) for number, own in enumerate(classes)]
    codes = np.where(numbers < len(categories), numbers, -1)
    found = find_named([row.file_name for row in rows], options.image_folder)
    image_place, box_place = places
    source = Source(name, "", found.folder, "box", box_place=box_place, image_place=image_place)
    part = part_of(source, rows, categories, file_names=found.names)
    part.boxes = replace(
        part.boxes,
        category=codes,
        class_texts={row: str(numbers[row]) for row in np.flatnonzero((codes < 0) & (numbers >= 0)).tolist()},
    )
    part.convention = convention
    missing: list[Finding] = []
    if found.folder is not None:
        missing += report_missing(found.names, found.present, found.folder, where_images(source, rows))
    part.findings = [*findings, *missing, *part.findings]
    return join(
        Detection("records", name, ""),
        [part],
        recognised=recognised,
        classes_are_indices=True,
        in_pixels=True,
    )
