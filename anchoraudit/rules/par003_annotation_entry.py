"""PAR003: malformed annotation entry."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR003",
    severity="warning",
    title="malformed annotation entry",
    what=(
        "COCO: an annotation without a usable `image_id`, a `bbox` that is not four values, neither "
        "`bbox` nor polygons, a category without an `id`. VOC: an object without `<name>`, without "
        "`<bndbox>`, or whose box lacks a coordinate. YOLO: a line with too few or too many columns, or "
        "a box among polygons. Tables: a row that lacks an image, a class or a coordinate, or has "
        "another number of fields. Other text formats: a line with too few or too many columns, or with a "
        "class that the format does not have. JSON of labelling tools, CVAT: a shape without coordinates or "
        "label. An object "
        "without a name keeps its box."
    ),
    why="The box cannot be audited, and most loaders stop at it.",
    example='{"annotations": [{"id": 1, "image_id": 7, "bbox": [10, 20, 30]}]}',
    remedy="fix the entry or remove it",
)
