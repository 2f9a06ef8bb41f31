"""SET011: no usable box in the whole data set."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context, why_not_usable
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report a data set of which no box can be trained."""
    totals = context.totals
    images, boxes = totals.image_count, totals.labels.sum(axis=0)
    # Other splits than those for training may be without boxes, if the user asks for them alone.
    if not images or boxes[:, 1].any() or not context.training:
        return []
    count = totals.box_count
    if count:
        text = f"no box is usable: {why_not_usable(boxes[:, 0])}"
    else:
        text = f"no image has an annotation, of {images:,}"
    return context.about_all("SET011", text, f"{count} boxes, none usable", "usable boxes")


RULE = Rule(
    code="SET011",
    severity="error",
    title="no usable box at all",
    what=(
        "The data set has images, but not one box that can be trained: no annotation at all, or only boxes "
        "that are not usable, such as crowds and boxes without area. Not reported where the sizes of images "
        "are unknown, which is IMG002, nor of a split for validation or tests that --split chose."
    ),
    why=(
        'There is nothing to learn. YOLOv5 stops ("can not start training"), detectron2 too ("No '
        'valid data found in"), and others train on background only.'
    ),
    example='{"images": [{"id": 1, ...}], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}',
    remedy="check that the annotations belong to these images, and their format; or export them again",
    check=check,
    scope="totals",
)
