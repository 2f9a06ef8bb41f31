"""IMG001: image file not found."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="IMG001",
    severity="warning",
    title="image file not found",
    what=(
        "An annotated image that is not in the image folder. Not reported where no image of the data "
        "set is found at all; a note says so once."
    ),
    why="The annotation is audited, but training will not find the image.",
    example='{"id": 7, "file_name": "a.jpg"}, and no a.jpg in the image folder',
    remedy="add the image file, or remove the entry",
)
