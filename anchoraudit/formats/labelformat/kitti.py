"""KITTI by labelformat: a text file an image, lines `class truncated occluded alpha x1 y1 x2 y2 ...`.

Source: readme.txt of the object development kit, https://www.cvlibs.net/datasets/kitti (15 columns).
`DontCare` marks regions in which objects are not labelled. They must be neither positive nor negative, so
they become crowds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anchoraudit.formats._builder import ImageRow
from anchoraudit.formats.labelformat.layout import COLUMNS, FOLDERS
from anchoraudit.formats.labelformat.library import At, errors_at, joined_names, library, row_of
from anchoraudit.io.files import IN_AN_IMAGES_FILE, read_input
from anchoraudit.io.folders import is_file, walk
from anchoraudit.io.unchanged import note

_IGNORED = "DontCare"


@dataclass(slots=True)
class Kitti:
    """What was read.

    folder: the image folder.
    images: all images that were read.
    names: names of the classes.
    blank: how many of the images have no label file.
    unread: paths of images that the library left out, because it could not read their size.
    """

    folder: Path
    images: list[ImageRow] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    blank: int = 0
    unread: list[str] = field(default_factory=list)


def read_kitti(labels: Path, image_folder: Path | None) -> Kitti:
    """Read the folder `labels`. image_folder: the folder of the images, None for the usual one beside it."""
    formats = library("formats")
    folder = image_folder or labels.parent / dict(FOLDERS)[labels.name]
    found = Kitti(folder, names=_names(labels))
    reader = formats.KittiObjectDetectionInput(
        labels, joined_names(found.names, labels), str(folder.resolve())
    )
    # The library passes the path as a URI.
    reader.on_error = lambda path, _: found.unread.append(str(path).removeprefix("file:"))
    at = At(labels)
    every = reader.get_images

    def labelled() -> Iterator[Any]:
        """Yield only images with a label file, because the library would stop at the others."""
        for image in every():
            at.path = (labels / str(image.filename)).with_suffix(".txt")
            if is_file(at.path):
                yield image
            else:
                found.blank += 1
                found.images.append(row_of(image, []))

    reader.get_images = labelled
    with errors_at(at):
        found.images += [row_of(one.image, one.objects) for one in reader.get_labels()]
    for row in found.images:
        row.id = row.file_name.rpartition(".")[0]
        row.boxes = [b._replace(crowd=b.label == _IGNORED, entry=n) for n, b in enumerate(row.boxes)]
    found.images.sort(key=lambda row: row.file_name)
    return found


def _names(labels: Path) -> list[str]:
    """Return the classes of all lines, cut as the library does: all words before the last 14 columns."""
    names: set[str] = set()
    for below, files in walk(labels, lambda name: name.endswith(".txt")):
        for name in files:
            if name.endswith(".txt") and is_file(path := labels / below / name):
                data = read_input(path, IN_AN_IMAGES_FILE)
                note(path, data)
                text = data.decode("utf-8", "replace")
                names |= {" ".join(line.split(" ")[:-COLUMNS]) for line in text.splitlines()}
    return sorted(names - {""})
