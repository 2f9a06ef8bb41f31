"""IMG002: image size is not to be had."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="IMG002",
    severity="warning",
    title="image size is not to be had",
    what=(
        "No usable size in the annotation, and no image, or one whose header cannot be read. The verdict is"
        " `unknown`."
    ),
    why="Boxes cannot be clipped or resized without it, so the image's verdict is unknown.",
    example="<annotation><size><width>0</width><height>0</height></size></annotation>, and no image",
    remedy="declare width and height, or put the image beside its annotation",
)
