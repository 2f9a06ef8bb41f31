"""Pascal VOC: one XML file for each image, in a VOCdevkit, a single folder, or a folder for each split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.errors import printable
from anchoraudit.formats import Detection, ReadOptions, Sureness, require_known_splits
from anchoraudit.formats.voc.layout import Part, count_xml, find_parts, is_annotated, is_of_others
from anchoraudit.formats.voc.members import Members, share_images
from anchoraudit.formats.voc.pool import scanning
from anchoraudit.formats.voc.splits import preference

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "voc"
LOOKS_FOR = (
    "XML files in Annotations/ beside JPEGImages/, in VOCdevkit/VOC20xx, in the folder itself, "
    "or in a sub-folder for each split"
)
SUFFIXES = (".xml",)
EXAMPLE = """\
<annotation>
  <filename>a.jpg</filename>
  <size><width>640</width><height>480</height><depth>3</depth></size>
  <object>
    <name>cat</name>
    <difficult>0</difficult>
    <bndbox><xmin>10</xmin><ymin>20</ymin><xmax>110</xmax><ymax>70</ymax></bndbox>
  </object>
</annotation>
"""
EXAMPLE_PATH = "Annotations/a.xml"
EXAMPLE_BESIDE = {"JPEGImages/a.jpg": (640, 480)}
NOT_READ = "parts, poses and segmentation masks"


def detect(path: Path) -> Detection | None:
    """Recognise a folder of one of the layouts, from the names of its files.

    Where nothing but their suffix tells, XML files that are surely something else are no annotations.
    """
    if not (parts := find_parts(path)):
        return None
    sureness = _sureness(parts)
    if sureness == Sureness.SUFFIX and all(is_of_others(part.annotations) for part in parts):
        return None
    return Detection(NAME, path, _reason(parts), sureness)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all annotations, or those of the splits that are wanted. Images without annotation are blank.

    Raises AnchorauditError if a split is unknown, if no image is left, or if no file is an annotation.
    """
    root = detection.path
    parts = sorted(find_parts(root), key=lambda part: preference(part.name))
    if options.image_folder is not None:
        parts = [replace(part, images=options.image_folder) for part in parts]
    members = [Members.of(part) for part in parts]
    share_images(members)
    known = [name for each in members for name in each.selectors()]
    require_known_splits(options.splits, known, root)
    chosen = [each.memberships(options.splits) for each in members]
    names = [[name for stem, name in c.members.xml if c.has(stem)] for c in chosen]
    with scanning(_paths(parts, names)) as chunks:
        from anchoraudit.formats.voc.assembly import assemble  # imports NumPy while other processes read

        return assemble(detection, options, chosen, names, chunks())


def _sureness(parts: Sequence[Part]) -> Sureness:
    """Return how sure it is: by the root element of the first XML files, else by the folder they are in."""
    if any(is_annotated(part.annotations) for part in parts):
        return Sureness.CONTENT
    return Sureness.SUFFIX if all(part.annotations == part.root for part in parts) else Sureness.LAYOUT


def _reason(parts: Sequence[Part]) -> str:
    """Say in one line how the data set was recognised."""
    counts = [count_xml(part.annotations) for part in parts]
    files = f"{sum(counts)} XML file{'s' * (sum(counts) != 1)}"
    if parts[0].is_split:
        each = (f"{printable(part.name)}/ ({count})" for part, count in zip(parts, counts, strict=True))
        return f"{files} in {', '.join(each)}"
    reasons = [files]
    if parts[0].annotations != parts[0].root:
        reasons.append(f"in {_within(parts[0], parts[0].annotations)}/")
    if (images := parts[0].images) is not None:
        beside = "images" if images == parts[0].annotations else f"{_within(parts[0], images)}/"
        reasons.append(f"beside {beside}")
    if len(parts) > 1:
        reasons.append(f"of {', '.join(printable(part.name) for part in parts)}")
    lists = [_within(part, part.lists) for part in parts if part.lists is not None]
    return " ".join(reasons) + (f", split lists in {lists[0]}" if lists else "")


def _within(part: Part, folder: Path) -> str:
    return printable(os.path.relpath(folder, part.root))


def _paths(parts: Sequence[Part], names: Sequence[Sequence[str]]) -> list[str]:
    return [
        folder + name
        for part, own in zip(parts, names, strict=True)
        for folder in (f"{part.annotations}{os.sep}",)
        for name in own
    ]
