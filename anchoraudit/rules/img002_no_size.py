"""IMG002: unknown image size."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="IMG002",
    severity="warning",
    title="unknown image size",
    what=(
        "The annotation has no usable size, and the image is missing or its header cannot be read. The "
        "verdict is `unknown`."
    ),
    why="Without a size, boxes can be neither clipped nor resized, so the image cannot be audited.",
    example="<annotation><size><width>0</width><height>0</height></size></annotation>, and no image",
    remedy="declare width and height, or put the image next to its annotation",
)
