"""SET013: validation or test split without a usable box."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context, why_not_usable
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find splits that are not for training, and have no image or no box that can be used."""
    if not context.totals.labels[:, :, 1].any():
        return []  # that is SET011
    found = []
    for name in context.dataset.splits:
        if not name or name in context.training:
            continue
        images, boxes = context.images_of_split(name), context.boxes_of_split(name)
        if boxes[:, 1].any() or not (images or name in context.splits_without_images):
            continue
        if not images:
            text = f"the split {name!r} has no image"
        elif boxes.any():
            text = f"no box of the split {name!r} is usable: {why_not_usable(boxes[:, 0])}"
        else:
            text = f"no image of the split {name!r} has an annotation, of {images:,}"
        found.append(context.about_split("SET013", name, text, name))
    return found


RULE = Rule(
    code="SET013",
    severity="warning",
    title="validation or test split without a usable box",
    what=(
        "A split that is not for training has no image, or no box that can be used, while others have. For "
        "the training split that is an error, SET009 and SET010."
    ),
    why="Its score is 0 or undefined, so nothing tells when to stop, or which weights are the best.",
    example='instances_val.json with {"images": [...], "annotations": []}',
    remedy="add its annotations; if it has none on purpose, scan without it (--split train)",
    check=check,
    scope="totals",
)
