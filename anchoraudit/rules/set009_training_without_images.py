"""SET009: training split without images."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find training splits whose file was read, but names no image. Readers report lists and folders."""
    if not context.totals.image_count:
        return []  # that is SET006
    return [
        context.about_split("SET009", name, f"the training split {name!r} has no image", name)
        for name in context.splits_without_images
        if name in context.training
    ]


RULE = Rule(
    code="SET009",
    severity="error",
    title="training split without images",
    what=(
        "The training split names nothing that exists: a path or a list in `data.yaml` or a darknet `.data` "
        "file that is absent, a key `train` without a value, an empty list, a list of which every entry is "
        "absent, a folder without images, or a COCO file or table of the split without images. The training "
        "split is the one with `train` in its name, or the only one. Of other splits, the same is SET005 or "
        "SET013."
    ),
    why=(
        'Training stops before the first step. Ultralytics and YOLOv5 say "Error loading data from" and '
        '"No images found", darknet "Couldn\'t open file", detectron2 "No valid data found in". Where a '
        "framework goes on, it trains on nothing."
    ),
    example="train: images/trian\nval: images/val",
    remedy="correct the path or list in the message, or export the split again",
    check=check,
    scope="totals",
)
