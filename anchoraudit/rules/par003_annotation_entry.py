"""PAR003: annotation entry of another shape."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR003",
    severity="warning",
    title="annotation entry of another shape",
    what=(
        "COCO: an annotation without a usable `image_id`, a `bbox` that is not four values, neither `bbox` "
        "nor polygons, a category without an `id`. VOC: an object without `<name>`, without `<bndbox>`, or "
        "whose box lacks a coordinate. YOLO: a line with too few columns or too many, and a box among "
        "polygons. Tables: a row that lacks an image, a class or a coordinate, or has another number of "
        "fields. An object without a name keeps its box."
    ),
    why="Its box is lost to the audit, and most loaders stop at it.",
    example='{"annotations": [{"id": 1, "image_id": 7, "bbox": [10, 20, 30]}]}',
    remedy="mend the entry or remove it",
)
