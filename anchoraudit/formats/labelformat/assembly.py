"""Turns what the library has read into a data set."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.conventions import XYWH
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import (
    blank_counts,
    classes_by_name,
    join,
    part_of,
    read_files,
)
from anchoraudit.formats.labelformat.cvat import read_cvat
from anchoraudit.formats.labelformat.kitti import read_kitti
from anchoraudit.formats.labelformat.labelbox import read_labelbox


def assemble(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a data set. Raises AnchorauditError as `labelformat.read` does."""
    path, recognised = detection.path, f"{detection.reason}, by labelformat"
    if path.is_dir():
        require_known_splits(options.splits, (), path)
        return _kitti(detection, options.image_folder, recognised)
    if path.suffix.lower() == ".xml":
        return read_files(detection, options, [(path, "")], read_cvat, recognised=recognised, item="box")
    return read_files(
        detection,
        options,
        [(path, "")],
        read_labelbox,
        recognised=recognised,
        item="line",
        convention=XYWH,  # left, top, width and height
    )


def _kitti(detection: Detection, image_folder: Path | None, recognised: str) -> Dataset:
    labels = detection.path
    read = read_kitti(labels, image_folder)
    if not read.images and not read.unread:
        raise AnchorauditError(
            "there is no image", path=read.folder, remedy="Name the folder of the images with --image-folder."
        )
    classes = classes_by_name([*read.names, *(box.label for row in read.images for box in row.boxes)])
    part = part_of(Source(labels, "", read.folder, "line", ".txt"), read.images, classes)
    unread = "its size cannot be read, so labelformat skips the image and its labels"
    part.findings[:0] = [Finding("PAR001", unread, path) for path in read.unread]
    part.notes += blank_counts([("", len(read.images), [(read.blank, "without a label file")])])
    return join(detection, [part], recognised=recognised)
