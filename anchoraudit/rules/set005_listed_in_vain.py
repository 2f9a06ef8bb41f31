"""SET005: listed in a split, but without annotation or image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET005",
    severity="warning",
    title="listed in a split, but without annotation or image",
    what=(
        "A line of a split list (VOC, YOLO) with neither an annotation nor an image. Of a split for "
        "validation or tests also a list or a folder without a single image, or a path in `data.yaml` that "
        "does not exist; of the training split that is SET009."
    ),
    why="The loader will look for a file that does not exist.",
    example="ImageSets/Main/train.txt lists 000042, but neither 000042.xml nor 000042.jpg exists",
    remedy="remove the line from the split list, or add the files",
)
