"""VIA 3: JSON of the VGG Image Annotator 3, a project with images and the regions of its views.

Source: the annotator's own code, https://gitlab.com/vgg/via (`via-3.x.y/src/js`), which numbers the shapes.
Coordinates are in pixels, from 0: x, y, width and height of a rectangle (2), centre and radius of a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "via3"
LOOKS_FOR = "JSON of the VGG Image Annotator 3: an object with `project`, `file`, `view` and `metadata`"
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "project": {"data_format_version": "3.1.1", "vid_list": ["1"]},
  "config": {},
  "attribute": {"1": {"aname": "class", "type": 3, "options": {"0": "cat"}}},
  "file": {"1": {"fid": "1", "fname": "a.jpg", "type": 2, "loc": 1, "src": ""}},
  "metadata": {
    "1_k": {"vid": "1", "flg": 0, "z": [], "xy": [2, 10, 20, 100, 50], "av": {"1": "0"}}
  },
  "view": {"1": {"fid_list": ["1"]}}
}
"""
EXAMPLE_PATH = "via_project.json"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = "videos and sounds, points and lines; other shapes become the boxes around them"
_PARTS = ("project", "file", "metadata", "view")
_IMAGE = 2  # the type of a file


def detect(path: Path) -> Detection | None:
    """Recognise files by their keys."""
    files = documents.find(path, _is_via3)
    if not files:
        return None
    reason = documents.recognised_by(files[0], path)
    return Detection(NAME, path, reason, Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, if no file can be read, or if it is not clear which
    attribute holds the class.
    """
    from anchoraudit.formats._via import attributes_of_3, part_of, read_documents

    return read_documents(
        detection,
        options,
        _is_via3,
        lambda value: (
            attributes_of_3(value, each)
            for each in part_of(value, "metadata").values()
            if isinstance(each, dict) and each.get("xy")
        ),
        _rows,
        name="VIA 3",
        image_place="file {line}",
        box_place="metadata[{box}]",
    )


def _is_via3(value: Any) -> bool:
    """Tell by its keys, of which the last may be cut off."""
    if not isinstance(value, dict) or not isinstance(value.get("project"), dict):
        return False
    version = value["project"].get("data_format_version", value["project"].get("vid_list"))
    return version is not None and ("file" in value or "attribute" in value or "config" in value)


def _rows(
    path: Path, values: Mapping[Path, Any], attribute: str, remarks: Remarks, tally: Tally
) -> Iterator[ImageRow]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import ImageRow, shorten

    value = values[path] if path in values else documents.load(path)
    if not isinstance(value, dict) or not all(isinstance(value.get(part), dict) for part in _PARTS):
        raise AnchorauditError("not a project of VIA 3", path=path, remedy="Save the project again.")
    boxes, drawn = _regions(value, str(path), attribute, remarks, tally)
    for position, (key, file) in enumerate(value["file"].items()):
        place = f"file {position + 1}"
        name = file.get("fname") if isinstance(file, dict) else None
        if isinstance(file, dict) and file.get("type", _IMAGE) != _IMAGE:
            tally.skip("video or sound")
            continue
        if not isinstance(name, str) or not (cleaned := documents.image_name(name)):
            remarks.findings.append(
                Finding("PAR002", "the file has no name", str(path), place, shorten(file))
            )
            continue
        if key in drawn and not boxes.get(key):
            tally.leave_out(cleaned)
            remarks.left_out.append(cleaned)
            continue
        yield ImageRow(cleaned, boxes.get(key, []), place=place, entry=position)


def _regions(
    value: dict[str, Any], path: str, attribute: str, remarks: Remarks, tally: Tally
) -> tuple[dict[str, list[BoxRow]], set[str]]:
    """Return the boxes of each file, and the files on which anything is drawn."""
    from anchoraudit.formats._attributes import ONLY_CLASS, value_of
    from anchoraudit.formats._shapes import unusable
    from anchoraudit.formats._via import attributes_of_3, box_of_3, part_of

    boxes: dict[str, list[BoxRow]] = {}
    drawn: set[str] = set()
    for position, each in enumerate(value["metadata"].values()):
        place = f"metadata[{position}]"
        if not isinstance(each, dict):
            remarks.findings.append(unusable("not an object", path, place, each))
            continue
        xy = each.get("xy")
        if not xy:  # it is about the image, or about a time
            continue
        files = part_of(value["view"], str(each.get("vid"))).get("fid_list")
        if not isinstance(files, list) or len(files) != 1 or str(files[0]) not in value["file"]:
            words = "the region is in no view of one file"
            remarks.findings.append(unusable(words, path, place, each.get("vid")))
            continue
        file = str(files[0])
        drawn.add(file)
        told = attributes_of_3(value, each)
        label = value_of(told.get(attribute)) if attribute else ONLY_CLASS
        if (box := box_of_3(each, label, (path, place), remarks, tally)) is not None:
            boxes.setdefault(file, []).append(box._replace(entry=position))
    return boxes, drawn
