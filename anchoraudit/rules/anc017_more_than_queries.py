"""ANC017: image with more boxes than the detector has queries."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with more usable boxes than queries."""
    queries, images = context.detector.match.queries, len(context.dataset.images)
    boxes = np.bincount(context.dataset.boxes.image[context.trained], minlength=images)
    rows = np.flatnonzero(boxes > queries) if queries else np.zeros(0, dtype=np.int64)

    def tell(image: int) -> tuple[str, str]:
        number = int(boxes[image])
        text = f"{number:,} boxes for {queries:,} queries of {context.detector.name}"
        lost = f"{number - queries:,} {'is' if number - queries == 1 else 'are'} lost at every step"
        return f"{text}: {lost}: image {context.dataset.images.ids[image]!r}", f"{number:,} boxes"

    return context.about_images("ANC017", rows, tell)


RULE = Rule(
    code="ANC017",
    severity="warning",
    title="more boxes than queries",
    what="An image with more boxes in training than the detector has queries, each of which learns one box.",
    why=(
        "Every step matches as many boxes as there are queries, and the network learns from the others that "
        "they are background. Which ones, its predictions decide. It can also never find more objects in an "
        "image than it has queries."
    ),
    example="an image of 450 boxes, under a DETR of 300 queries",
    remedy="give the model more queries, or cut the image into tiles (anchoraudit advise)",
    check=check,
    needs_detector=True,
)
