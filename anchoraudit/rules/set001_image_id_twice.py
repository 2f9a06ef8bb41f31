"""SET001: image id used more than once."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET001",
    severity="error",
    title="image id used more than once",
    what="COCO: two entries of `images` in one file with the same `id`.",
    why="Boxes find their image by its id. All of them go to one image, and the other trains as blank.",
    example='{"images": [{"id": 0, "file_name": "a.jpg"}, {"id": 0, "file_name": "b.jpg"}]}',
    remedy="give every image an id of its own",
)
