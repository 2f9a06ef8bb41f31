"""YOLO: a text file of labels for each image, in the layouts of YOLOv5, Ultralytics, Roboflow and darknet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats.yolo.config import DARKNET, YAML, looks_like_config
from anchoraudit.formats.yolo.layout import find_layout, to_rename

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "yolo"
LOOKS_FOR = (
    "a data.yaml, images/ beside labels/ (also in a folder for each split), or .txt labels beside images"
)
SUFFIXES = (".yaml", ".yml", ".data", ".txt")
EXAMPLE = "0 0.09375 0.09375 0.15625 0.10416667\n"
EXAMPLE_PATH = "labels/train/a.txt"
EXAMPLE_BESIDE = {
    "images/train/a.jpg": (640, 480),
    "images/val/b.jpg": (640, 480),
    "labels/val/b.txt": "0 0.5 0.5 0.15625 0.10416667\n",
    "data.yaml": "train: images/train\nval: images/val\nnames: [cat]\n",
}
NOT_READ = "keypoints; polygons become the boxes around them"


def detect(path: Path) -> Detection | None:
    """Recognise a `data.yaml`, or a folder of one of the layouts, from names and first lines.

    Labels are often exported beside COCO or Pascal VOC annotations, so a folder is recognised as surely as
    its layout only, and the others win. To read the labels then, name the `data.yaml` or `images/`.
    """
    if path.is_file():
        suffix = path.suffix.lower()
        if suffix not in (*YAML, DARKNET):
            return None
        if looks_like_config(path, with_names=False):
            return Detection(NAME, path, path.name, Sureness.CONTENT)
        return Detection(NAME, path, path.name, Sureness.SUFFIX) if suffix in YAML else None
    layout = find_layout(path) if path.is_dir() else None
    return None if layout is None else Detection(NAME, layout.path, layout.reason, Sureness.LAYOUT)


def nearly(path: Path) -> str:
    """Return what to rename in a folder, so that the frameworks find its labels; "" if it is not that."""
    return to_rename(path) if path.is_dir() else ""


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all splits, or those that are wanted. An image without labels is blank.

    Raises AnchorauditError if a split is unknown, if there is no image or no label file, or if `data.yaml`
    cannot be used.
    """
    from anchoraudit.formats.yolo.gathering import gather
    from anchoraudit.formats.yolo.pool import reading

    gathered = gather(detection, options)
    rows = gathered.rows()
    labels = [part.label_path(member) for _, part, member in rows]
    pictures = [part.image_path(member) for _, part, member in rows]
    with reading(labels, pictures, gathered.columns) as files:
        from anchoraudit.formats.yolo.assembly import assemble  # imports NumPy while other processes read

        return assemble(detection, gathered, rows, files())
