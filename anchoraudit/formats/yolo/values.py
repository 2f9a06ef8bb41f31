"""Reports numbers that can be read but are wrong: not finite, outside 0 to 1, or not a declared class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.yolo.columns import Lines
from anchoraudit.formats.yolo.lines import NO_CLASS
from anchoraudit.formats.yolo.names import Names

_TOLERANCE = 0.01  # ultralytics data/utils.py, verify_image_label: "1% tolerance"; yolov5 has none
# What to do about it, after a full stop.
_NEGATIVE = "Negative size: exchange the corners, or draw the box again"
_BEYOND = "Beyond the image: clip the box to it"


def report_values(lines: Lines, xyxy: Float, measured: Bool, paths: Sequence[str]) -> list[Finding]:
    """Report boxes that are not finite, and files with values outside 0 to 1.

    xyxy: float64 [M, 4], the boxes in pixels.
    measured: bool [M], the size of the image is known.
    paths: of the F files.
    """
    finite = np.isfinite(lines.xywh).all(axis=1)
    broken = lines.read & ~(finite & (np.isfinite(xyxy).all(axis=1) | ~measured))
    found = []
    for row in np.flatnonzero(broken).tolist():
        words = "a coordinate is not finite"
        found.append(_finding("BOX001", words, lines, row, paths))
    with np.errstate(invalid="ignore", over="ignore"):
        shares = lines.xywh.astype(np.float32)  # as frameworks read them, so that 1.00000001 is 1
        beyond = np.where(finite, np.maximum(-shares, shares - 1).max(axis=1, initial=0), 0)
    rows = np.flatnonzero(beyond > 0)
    if not len(rows):
        return found
    files, first, many = np.unique(lines.file[rows], return_index=True, return_counts=True)
    furthest = np.maximum.reduceat(beyond[rows], first)
    boxes = np.bincount(lines.file[lines.read], minlength=len(paths))
    with np.errstate(invalid="ignore"):
        inverted = (shares[rows, 2:] < 0).any(axis=1)
        reaches = (shares[rows] > 1).any(axis=1) | (shares[rows, :2] < 0).any(axis=1)
    kinds = np.logical_or.reduceat(np.column_stack([inverted, reaches]), first)
    told = zip(
        files.tolist(), rows[first].tolist(), many.tolist(), furthest.tolist(), kinds.tolist(), strict=True
    )
    for file, row, count, by, (has_inverted, has_reaching) in told:
        words = f"{count} of {boxes[file]} boxes have values outside 0 to 1: YOLOv5 drops the image"
        words += " and so does Ultralytics" if by > _TOLERANCE else f", Ultralytics only from {_TOLERANCE} on"
        if by <= 1:
            words += f". {_NEGATIVE}" * has_inverted + f". {_BEYOND}" * has_reaching
        # Rounding and careless clipping miss by little. A value that is off by more than the image has
        # another unit.
        found.append(_finding("BOX009" if by > 1 else "BOX015", words, lines, row, paths))
    return found


def report_classes(lines: Lines, names: Names, paths: Sequence[str]) -> list[Finding]:
    """Report each undeclared class once, at its first line."""
    met, first, many = np.unique(lines.index, return_index=True, return_counts=True)
    found = []
    for index, row, count in zip(met.tolist(), first.tolist(), many.tolist(), strict=True):
        if index != NO_CLASS and not names.has(index):
            total = names.total()
            among = "those that count from 0" if total is None else f"{total:,} classes"
            if names.by_index is not None:
                among = f"the {total:,} names"
            words = f"class {index} of {count:,} box{'es' * (count > 1)} is not among {among}"
            found.append(
                Finding(
                    "CLS001",
                    words,
                    paths[lines.file[row]],
                    f"line {lines.line[row] + 1}",
                    str(index),
                    f"class {index}",
                )
            )
    return found


def _finding(code: str, words: str, lines: Lines, row: int, paths: Sequence[str]) -> Finding:
    value = "{:g} {:g} {:g} {:g}".format(*lines.xywh[row].tolist())
    return Finding(code, words, paths[lines.file[row]], f"line {lines.line[row] + 1}", value)
