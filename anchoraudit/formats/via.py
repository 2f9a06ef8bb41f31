"""VIA: JSON of the VGG Image Annotator, versions 1 and 2, as a project or as exported annotations.

Source: https://www.robots.ox.ac.uk/~vgg/software/via/, "JSON format of annotations". Images are the values of
an object, of which the keys are name and size in bytes (`a.jpg1234`) and are not needed. Coordinates are in
pixels, from 0: x, y, width and height of a `rect`, centre and radii of a `circle` and an `ellipse`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "via"
LOOKS_FOR = "JSON of the VGG Image Annotator 1 or 2: a project, or objects with `filename` and `regions`"
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "a.jpg1234": {
    "filename": "a.jpg",
    "size": 1234,
    "regions": [
      {
        "shape_attributes": {"name": "rect", "x": 10, "y": 20, "width": 100, "height": 50},
        "region_attributes": {"class": "cat"}
      }
    ],
    "file_attributes": {}
  }
}
"""
EXAMPLE_PATH = "via_region_data.json"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = "points; polygons, polylines, circles and ellipses become the boxes around them"
_PROJECT, _SETTINGS = "_via_img_metadata", "_via_attributes"
_TELLING = 10  # entries that are looked at


def detect(path: Path) -> Detection | None:
    """Recognise files by their keys."""
    files = documents.find(path, _is_via)
    if not files:
        return None
    reason = documents.recognised_by(files[0], path)
    return Detection(NAME, path, reason, Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, if no file can be read, or if it is not clear which
    attribute holds the class.
    """
    from anchoraudit.formats._via import read_documents

    return read_documents(
        detection,
        options,
        _is_via,
        lambda value: (_attributes(region) for entry in _entries(value) for region in _regions(entry)),
        _rows,
        name="VIA",
        image_place="entry {line}",
        box_place="entry {line}, regions[{box}]",
    )


def _is_via(value: Any) -> bool:
    """Tell by the first entries, of which some may be broken, and the last one cut off."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get(_PROJECT), dict):
        return True
    entries = list(value.values())[:_TELLING]
    alike = sum(isinstance(entry, dict) and {"filename", "regions"} <= {*entry} for entry in entries)
    return 0 < len(entries) <= 2 * alike


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    images = value.get(_PROJECT, value)
    return list(images.values()) if isinstance(images, dict) else []


def _regions(entry: Any) -> Iterable[Any]:
    """Return the regions of an image: a list in version 2, an object in version 1."""
    regions = entry.get("regions") if isinstance(entry, dict) else None
    if isinstance(regions, dict):
        return list(regions.values())
    return regions if isinstance(regions, list) else ()


def _attributes(region: Any) -> Mapping[str, Any]:
    found = region.get("region_attributes") if isinstance(region, dict) else None
    return found if isinstance(found, dict) else {}


def _options(value: Any, attribute: str) -> Mapping[str, str]:
    """Return the texts of the options of an attribute, by their ids. Only a project has them."""
    for key in (_SETTINGS, "region", attribute, "options"):
        value = value.get(key) if isinstance(value, dict) else None
    found = value if isinstance(value, dict) else {}
    return {key: text.strip() for key, text in found.items() if isinstance(text, str) and text.strip()}


def _rows(
    path: Path, values: Mapping[Path, Any], attribute: str, remarks: Remarks, tally: Tally
) -> Iterator[ImageRow]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._attributes import ONLY_CLASS, value_of
    from anchoraudit.formats._builder import ImageRow, shorten
    from anchoraudit.formats._via import box_of

    value = values[path] if path in values else documents.load(path)
    if not _is_via(value):
        raise AnchorauditError("not a file of VIA", path=path, remedy="Export the annotations again.")
    texts = _options(value, attribute)
    met: set[str] = set()
    for position, entry in enumerate(_entries(value)):
        place = f"entry {position + 1}"
        name = entry.get("filename") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not (cleaned := documents.image_name(name)):
            words = "the entry names no image"
            remarks.findings.append(Finding("PAR002", words, str(path), place, shorten(entry)))
            continue
        boxes: list[BoxRow] = []
        regions = list(_regions(entry))
        for number, region in enumerate(regions):
            label = value_of(_attributes(region).get(attribute)) if attribute else ONLY_CLASS
            at = str(path), f"{place}, regions[{number}]"
            if (box := box_of(region, texts.get(label, label), at, remarks, tally)) is not None:
                boxes.append(box._replace(entry=number))
        if regions and not boxes:
            tally.leave_out(cleaned)
            remarks.left_out.append(cleaned)
            continue
        # An image that was loaded twice has two entries.
        again = f"{cleaned} (entry {position + 1})" if cleaned in met else ""
        met.add(cleaned)
        yield ImageRow(cleaned, boxes, id=again, place=place, entry=position)
