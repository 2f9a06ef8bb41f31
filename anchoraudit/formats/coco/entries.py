"""Decodes the entries of a COCO file: images, annotations and categories.

A clean file is decoded at once into the structs below; keys that are not needed are skipped. A file with
anything
unusual is decoded entry by entry: good entries as before, the others value by value. So a bad entry is
dropped alone, and the rest of the file is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import NO_BOX, shorten
from anchoraudit.formats.coco.annotations import AnnotationColumns, annotation_columns
from anchoraudit.formats.coco.image_columns import ImageColumns, image_columns
from anchoraudit.formats.coco.structure import flat_segmentations
from anchoraudit.io import json_text
from anchoraudit.io.unchanged import Reading

T = TypeVar("T")
Id = int | str
Number = int | float
Box = tuple[Number, Number, Number, Number]
# The value of a key that is not there. No JSON value is decoded to it: NaN is not JSON.
ABSENT = math.nan
# What decoding a file raises that has anything unusual in it.
DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)


class ImageEntry(msgspec.Struct, gc=False):
    """One of `images`.

    width, height: in pixels, `ABSENT` without the key. The last three, of LVIS, may be anything.
    """

    id: Id
    file_name: str = ""
    width: float | None = ABSENT
    height: float | None = ABSENT
    coco_url: Any = ""
    neg_category_ids: Any = None
    not_exhaustive_category_ids: Any = None

    @property
    def name(self) -> str:
        """The path of its file: `file_name` or, without one, the last two parts of `coco_url`, as in LVIS v1.

        "" if it has neither. Source: `load_lvis_json` of detectron2, `LVISV1Dataset` of MMDetection.
        """
        if self.file_name or not isinstance(self.coco_url, str):
            return self.file_name
        return "/".join(self.coco_url.split("?")[0].split("/")[-2:])


class AnnotationEntry(msgspec.Struct, gc=False):
    """One of `annotations`.

    bbox: x, y, width, height in pixels. area: of the mask or the box. iscrowd, area: `ABSENT` without it.
    """

    image_id: Id
    bbox: Box
    id: Id = ""
    category_id: Id = ""
    iscrowd: int | bool | float = ABSENT
    difficult: int | bool = 0
    area: float | None = ABSENT
    ignore: Any = 0


class CategoryEntry(msgspec.Struct, gc=False):
    """One of `categories`. supercategory: text, or whatever the file has instead, which then counts as ""."""

    id: Id
    name: str = ""
    supercategory: Any = ""


class CocoFile(msgspec.Struct, gc=False):
    """The parts of a COCO file that are read."""

    images: list[ImageEntry]
    annotations: list[AnnotationEntry]
    categories: list[CategoryEntry] = []
    info: Any = msgspec.UNSET


@dataclass(slots=True)
class Entries:
    """What was read from one file.

    image_positions: those in the file's list, if some images were dropped. image_traits: by that position.
    has_info: the file has the key `info`. reading: which file it was; None where the bytes were given.
    """

    images: ImageColumns
    annotations: AnnotationColumns
    categories: list[CategoryEntry]
    image_positions: list[int] | None = None
    image_traits: dict[int, ImageTrait] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_info: bool = True
    reading: Reading | None = None


def decode(path: Path, data: bytes) -> Entries:
    """Decode a COCO file.

    Entries that cannot be used become findings.

    Raises AnchorauditError if the file is not valid JSON, or not of COCO's structure.
    """
    try:
        parsed = msgspec.json.decode(data, type=CocoFile)
        return Entries(
            image_columns(parsed.images),
            annotation_columns(parsed.annotations),
            parsed.categories,
            findings=flat_segmentations(path, data),
            has_info=parsed.info is not msgspec.UNSET,
        )
    except DECODE_ERRORS:
        return _Careful(path, data).entries()


class _Careful:
    """Decodes a file with anything unusual in it, entry by entry."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.findings: list[Finding] = []
        # Of entries that were read value by value, by position in the file's list.
        self._odd_images: dict[int, ImageTrait] = {}
        self._odd_annotations: dict[int, BoxTrait] = {}
        json_text.require_utf8(path, data)
        readable = json_text.readable(data)
        self.lists = raw_lists(path, readable)
        self.findings += flat_segmentations(path, readable)
        self.has_info = b'"info"' in data

    def entries(self) -> Entries:
        """Return the entries that can be used, and a finding for each that cannot."""
        images, image_positions = self._each("images", ImageEntry, self._image)
        annotations, annotation_positions = self._each("annotations", AnnotationEntry, self._annotation)
        categories, _ = self._each("categories", CategoryEntry, self._category)
        notes = [] if "annotations" in self.lists else ["the file has no `annotations`: every image is blank"]
        columns = annotation_columns(annotations, annotation_positions, self._odd_annotations)
        return Entries(
            image_columns(images),
            columns,
            categories,
            image_positions,
            self._odd_images,
            self.findings,
            notes,
            self.has_info,
        )

    def _each(
        self, key: str, kind: type[T], salvage: Callable[[int, str, Any], T | None]
    ) -> tuple[list[T], list[int]]:
        decoder = msgspec.json.Decoder(kind)
        kept: list[T] = []
        positions: list[int] = []
        for position, raw in enumerate(self.lists.get(key, ())):
            try:
                entry: T | None = decoder.decode(raw)
                if isinstance(entry, AnnotationEntry):
                    sum(map(float, (*entry.bbox, entry.iscrowd)))
            except (msgspec.ValidationError, OverflowError):
                entry = salvage(position, f"{key}[{position}]", json_text.decode_value(raw))
            if entry is not None:
                kept.append(entry)
                positions.append(position)
        return kept, positions

    def _found(self, code: str, message: str, place: str, value: object) -> None:
        self.findings.append(Finding(code, message, str(self.path), place, shorten(value)))

    def _image(self, position: int, place: str, value: Any) -> ImageEntry | None:
        identity = _identity(value.get("id")) if isinstance(value, dict) else None
        if identity is None:
            self._found("PAR002", "an image entry without a usable `id`", place, value)
            return None
        name = value.get("file_name")
        sides = [value.get(key, ABSENT) for key in ("width", "height")]
        if not all(map(_is_number, sides)):
            self._odd_images[position] = ImageTrait.SIZE_NOT_A_NUMBER
        return ImageEntry(
            id=identity,
            file_name=name if isinstance(name, str) else "",
            width=_number(sides[0]),
            height=_number(sides[1]),
            coco_url=value.get("coco_url", ""),
            neg_category_ids=value.get("neg_category_ids"),
            not_exhaustive_category_ids=value.get("not_exhaustive_category_ids"),
        )

    def _annotation(self, position: int, place: str, value: Any) -> AnnotationEntry | None:
        image_id = _identity(value.get("image_id")) if isinstance(value, dict) else None
        if image_id is None:
            self._found("PAR003", "an annotation entry without a usable `image_id`", place, value)
            return None
        identity, category = _identity(value.get("id")), _identity(value.get("category_id"))
        iscrowd, area = (json_text.restore_non_finite(value.get(key, ABSENT)) for key in ("iscrowd", "area"))
        self._odd_annotations[position] = _oddities(value, iscrowd, area)
        return AnnotationEntry(
            image_id=image_id,
            bbox=self._bbox(place, value),
            id="" if identity is None else identity,
            category_id="" if category is None else category,
            iscrowd=iscrowd if iscrowd is ABSENT else _is_crowd(iscrowd),
            difficult=value.get("difficult") in (1, True, "1", 1.0),
            area=_number(area),
            ignore=value.get("ignore", 0),
        )

    def _bbox(self, place: str, value: dict[str, Any]) -> Box:
        bbox = value.get("bbox")
        if not bbox:
            if (bounds := polygon_bounds(value.get("segmentation"))) is not None:
                if not all(map(math.isfinite, bounds)):
                    self._found("BOX001", "a polygon is not finite", f"{place}.segmentation", bounds)
                return bounds
            self._found("PAR003", "neither a bbox nor polygons", place, bbox)
            return NO_BOX
        if not isinstance(bbox, list) or len(bbox) != 4:
            self._found("PAR003", "bbox is not a list of four numbers", f"{place}.bbox", bbox)
            return NO_BOX
        numbers = [json_text.restore_non_finite(v) for v in bbox]
        sides = [number for v in numbers if (number := json_text.as_float(v)) is not None]
        if len(sides) < 4:
            self._found("PAR004", "bbox holds something that is not a number", f"{place}.bbox", bbox)
            return NO_BOX
        x, y, w, h = sides
        if not all(map(math.isfinite, (x, y, w, h))):
            self._found("BOX001", "bbox is not finite", f"{place}.bbox", numbers)
        elif all(type(number) is int for number in numbers):
            x, y, w, h = numbers
        return x, y, w, h

    def _category(self, _position: int, place: str, value: Any) -> CategoryEntry | None:
        identity = _identity(value.get("id")) if isinstance(value, dict) else None
        if identity is None:
            self._found("PAR003", "a category entry without a usable `id`", place, value)
            return None
        name = value.get("name")
        return CategoryEntry(identity, "" if name is None else str(name), value.get("supercategory"))


def raw_lists(path: Path, data: bytes) -> dict[str, list[msgspec.Raw]]:
    """Return the lists `images`, `annotations` and `categories` of a COCO file, each entry as raw JSON.

    Raises AnchorauditError if `data` is not valid JSON, or not an object with a list `images`.
    """
    try:
        top = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        lists: dict[str, list[msgspec.Raw]] = {}
        for key in ("images", "annotations", "categories"):
            value = top.get(key)
            if value is not None and memoryview(value)[:1] != memoryview(b"n"):  # null counts as missing
                lists[key] = _raw_list(path, key, value)
    except msgspec.ValidationError as error:
        raise _shape_error(path, f"not a COCO file ({error})") from None
    except msgspec.DecodeError as error:
        raise json_text.syntax_error(path, data, str(error)) from None
    except RecursionError:
        raise AnchorauditError(
            "the JSON is nested too deeply", path=path, remedy="Export the annotations again."
        ) from None
    if "images" not in lists:
        keys = ", ".join(list(top)[:8]) or "nothing"
        raise _shape_error(path, f"not a COCO detection file: no list `images` (its keys: {keys})")
    return lists


def _raw_list(path: Path, key: str, value: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(value, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        found = {b"{": "an object", b'"': "a string"}.get(
            bytes(memoryview(value)[:1]), f"`{shorten(json_text.decode_value(value))}`"
        )
        raise _shape_error(path, f"`{key}` is {found}, not a list") from None


def _shape_error(path: Path, message: str) -> AnchorauditError:
    return AnchorauditError(
        message,
        path=path,
        remedy="Name a COCO detection file: an object with the lists images, annotations and categories.",
    )


def polygon_bounds(segmentation: Any) -> Box | None:
    """Return x, y, width, height around COCO polygons `[[x, y, x, y, ...], ...]`, None for anything else."""
    if not isinstance(segmentation, list):
        return None
    polygons = [
        [json_text.restore_non_finite(v) for v in polygon]
        for polygon in segmentation
        if isinstance(polygon, list) and len(polygon) >= 6
    ]
    corners = [[number for v in p if (number := json_text.as_float(v)) is not None] for p in polygons]
    if not polygons or any(len(c) < len(p) for c, p in zip(corners, polygons, strict=True)):
        return None
    xs = [v for polygon in corners for v in polygon[0::2]]
    ys = [v for polygon in corners for v in polygon[1::2]]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _identity(value: Any) -> Id | None:
    """Return an id as it is; a whole float as an integer; None if it cannot be an id."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | str) else None


def _oddities(value: dict[str, Any], iscrowd: Any, area: Any) -> BoxTrait:
    """Return what an annotation has, or lacks, that `annotation_columns` cannot see."""
    found = BoxTrait(0)
    if not _is_number(iscrowd):
        found |= BoxTrait.ISCROWD_NOT_A_NUMBER
        if iscrowd is None:
            found |= BoxTrait.ISCROWD_NULL
    if not _is_number(area):
        found |= BoxTrait.AREA_NOT_A_NUMBER
    if "bbox" not in value:
        return found | BoxTrait.NO_BBOX
    bbox = value["bbox"]
    if not (isinstance(bbox, list) and len(bbox) == 4):
        return found | BoxTrait.BBOX_NOT_FOUR_NUMBERS
    if not all(_is_number(json_text.restore_non_finite(number)) for number in bbox):
        return found | BoxTrait.BBOX_NOT_FOUR_NUMBERS
    return found


def _is_crowd(value: Any) -> bool:
    return bool(value != 0 if _is_number(value) else value == "1")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _number(value: Any) -> float | None:
    """Return a size as a number, also from text such as "640"; None if it is none. ABSENT stays ABSENT."""
    if value is ABSENT:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
