"""PAR002: malformed image entry."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR002",
    severity="error",
    title="malformed image entry",
    what=(
        "COCO: an entry of `images` that is not an object, or whose `id` is absent, null, a fraction or "
        "a list. JSON of labelling tools: an entry or a file that names no image. CVAT: an image without a "
        "name. WIDER FACE: a line before the first image."
    ),
    why="Without an id an image cannot be matched to its boxes.",
    example='{"images": [{"file_name": "a.jpg", "width": 640, "height": 480}]}',
    remedy="give every image entry an integer or string `id` and a `file_name`",
)
