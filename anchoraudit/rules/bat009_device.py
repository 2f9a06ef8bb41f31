"""BAT009: targets on another device than their image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT009",
    severity="warning",
    title="targets on another device than their image",
    what=(
        "Boxes or labels of a training batch are on another device than the image that they belong to, such "
        "as the CPU and a GPU. Most loaders hand over everything on the CPU, and a loop moves it."
    ),
    why="torch computes with tensors of one device; most operations raise an error where two meet.",
    example="images = [image.to('cuda') for image in images]  # and targets as they were",
    remedy="move each tensor of the targets, too: `{key: value.to(device) for key, value in target.items()}`",
)
