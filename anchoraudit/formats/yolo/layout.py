"""Finds the images and labels of a YOLO data set: by its `data.yaml`, or by the names of its folders.

The path of a label file follows from the path of its image: the last `images` becomes `labels`, and the
suffix becomes `.txt` (yolov5 and ultralytics, img2label_paths). If no folder is called `images`, the label
file is beside the image, which is darknet's layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats.yolo.config import find_config
from anchoraudit.formats.yolo.pairing import pair_in
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import folders_in, is_file, is_folder, names_in, walk

IMAGES, LABELS = "images", "labels"
NAMES_FILES = (
    "classes.txt",
    "obj.names",
    "_darknet.labels",
    "classes.names",
    "labels.txt",
    "predefined_classes.txt",
)
# To recognise labels, at most so many files are opened, until so many of them had text; so many bytes of
# each.
_PEEKED_FILES, _PEEKED_WITH_TEXT, _PEEKED_BYTES = 200, 5, 1 << 12
_NUMBER = re.compile(rb"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?|nan|[+-]?inf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a folder.

    path: its `data.yaml`; or the folder, and then folders: (split, images). labels: folders of labels whose
    names frameworks do not know.
    """

    path: Path
    reason: str
    folders: tuple[tuple[str, Path], ...] = ()
    labels: tuple[Path, ...] = ()


def find_layout(folder: Path) -> Layout | None:
    """Return the layout of `folder`, or of the folder above its `images/`; None if it is not recognised."""
    if folder.name == IMAGES and _labels_hold(folder.parent / LABELS):
        folder = folder.parent
    if (config := find_config(folder)) is not None:
        return Layout(config, config.name)
    return _whole(folder) or _by_split(folder) or _beside(folder) or _paired(folder)


def is_of_yolo(name: str) -> bool:
    """Tell by its name whether a file may be an image or a label file."""
    return name.endswith(".txt") or is_image_name(name)


def label_folder(images: Path) -> Path:
    """Return the folder of the labels for images in the folder `images`, an absolute path."""
    parts = images.parts
    if IMAGES not in parts:
        return images
    at = len(parts) - 1 - parts[::-1].index(IMAGES)
    return Path(*parts[:at], LABELS, *parts[at + 1 :])


def to_rename(root: Path) -> str:
    """Return how to rename a folder of images and one of labels in `root` whose names frameworks do not know.

    "" if there is no such pair. Images and labels belong together if some have the same name.
    """
    folders = folders_in(root)
    for labels in filter(_labels_hold, folders):
        named = {name.removesuffix(".txt") for _, names in _peek(labels) for name in names}
        for images in folders:
            pairs = [(images.name, IMAGES), (labels.name, LABELS)]
            wrong = [f"{printable(old)}/ to {new}/" for old, new in pairs if old != new]
            if wrong and images != labels and _has_any(images, named):
                return (
                    f"Rename {' and '.join(wrong)}: YOLOv5 and Ultralytics replace {IMAGES}/ by {LABELS}/ in "
                    "the path of an image to find its label file."
                )
    return ""


def _peek(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Walk through a folder to see what it is. A folder that is too large is only walked in part."""
    with suppress(AnchorauditError):
        yield from walk(folder, is_of_yolo)


def _has_any(folder: Path, stems: Set[str]) -> bool:
    """Tell whether one of the first images below a folder has one of these names, without suffix."""
    found = (name for _, names in _peek(folder) for name in names if is_image_name(name))
    return any(name.rpartition(".")[0] in stems for name in islice(found, _PEEKED_FILES))


def _whole(root: Path) -> Layout | None:
    """Recognise `images/` beside `labels/`. If `images/` itself has no image, its folders are splits."""
    if not (is_folder(root / IMAGES) and _labels_hold(root / LABELS)):
        return None
    return Layout(root, f"{IMAGES}/ beside {LABELS}/", _splits(root / IMAGES, root / LABELS))


def _splits(images: Path, labels: Path) -> tuple[tuple[str, Path], ...]:
    """Return the folders of images, each with its split: those in `images`, unless it has images itself."""
    splits = () if _has_image(images) else _with_images(folders_in(images))
    if len(splits) > 1 or (splits and (labels / splits[0].name).is_dir()):
        return tuple((folder.name, folder) for folder in splits)
    return (("", images),)


def _by_split(root: Path) -> Layout | None:
    """Recognise a folder with `images/` and `labels/` for each split, as Roboflow exports."""
    splits = [f for f in folders_in(root) if is_folder(f / IMAGES) and is_folder(f / LABELS)]
    if not any(_labels_hold(split / LABELS) for split in splits):
        return None
    names = ", ".join(split.name for split in splits)
    return Layout(root, f"{IMAGES}/ beside {LABELS}/ in {names}", tuple((s.name, s / IMAGES) for s in splits))


def _beside(root: Path) -> Layout | None:
    """Recognise labels beside the images, in the folder itself or in a folder for each split."""
    if _hold_both(root):
        return Layout(root, "labels beside images", (("", root),))
    splits = [folder for folder in folders_in(root) if _hold_both(folder)]
    if not splits:
        return None
    names = ", ".join(split.name for split in splits)
    own = [(split.name if len(splits) > 1 else "", split) for split in splits]
    return Layout(root, f"labels beside images in {names}", tuple(own))


def _paired(root: Path) -> Layout | None:
    """Recognise folders of other names by their files, in the folder itself or in those in it."""
    if (pair := pair_in(root)) is not None:
        images, labels = pair
        own = "images" if images == root else f"{printable(images.name)}/"
        reason = f"{own} beside {printable(labels.name)}/"
        return Layout(root, reason, _splits(images, labels), (labels,))
    pairs = [(split.name, pair) for split in folders_in(root) if (pair := pair_in(split)) is not None]
    if not pairs:
        return None
    _, (images, labels) = pairs[0]
    names = ", ".join(printable(name) for name, _ in pairs)
    reason = f"{printable(images.name)}/ beside {printable(labels.name)}/ in {names}"
    folders = tuple((name, images) for name, (images, _) in pairs)
    return Layout(root, reason, folders, tuple(labels for _, (_, labels) in pairs))


def _hold_both(folder: Path) -> bool:
    """Tell whether images in `folder` have labels beside them."""
    names = names_in(folder)
    texts = {name[:-4] for name in names if name.endswith(".txt")}
    if not texts:
        return False
    stems = (name.rpartition(".")[0] for name in names if is_image_name(name))
    found = islice((folder / f"{stem}.txt" for stem in stems if stem in texts), _PEEKED_FILES)
    peeked = [holds_boxes(file) for file in found]
    # Empty text files alone are not proof of labels, unless there is also a list of classes.
    return True in peeked or (bool(peeked) and None in peeked and any(name in NAMES_FILES for name in names))


def _labels_hold(folder: Path) -> bool:
    """Tell whether one of the first text files below `folder` holds boxes, or all of them are empty."""
    if not is_folder(folder):
        return False
    files = (folder / below / n for below, names in _peek(folder) for n in names if n.endswith(".txt"))
    told: list[bool] = []
    met = False
    for file in islice((f for f in files if f.name not in NAMES_FILES), _PEEKED_FILES):
        met = True
        if (holds := holds_boxes(file)) is not None:
            told.append(holds)
        if holds or len(told) >= _PEEKED_WITH_TEXT:
            break
    return met and (not told or any(told))


def holds_boxes(file: Path) -> bool | None:
    """Tell whether the first line of a file has five numbers or more; None if the file is empty."""
    if not is_file(file):
        return False
    head = read_head(file, _PEEKED_BYTES).removeprefix(b"\xef\xbb\xbf")
    if not (words := head.strip().partition(b"\n")[0].split()):
        return None
    # The last word may be cut off, if the line is longer than what was read.
    return len(words) >= 5 and all(map(_NUMBER.fullmatch, words[: max(5, len(words) - 1)]))


def _has_image(folder: Path) -> bool:
    return any(map(is_image_name, names_in(folder)))


def _with_images(folders: list[Path]) -> list[Path]:
    return [f for f in folders if any(is_image_name(n) for _, names in _peek(f) for n in names)]
