"""ANC002: image with an empty foreground mask."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with the verdict `empty_foreground`."""
    rows = np.flatnonzero(context.verdict == VERDICT_CODE["empty_foreground"])

    def tell(image: int) -> tuple[str, str]:
        text = f"boxes, but no positive {context.detector.match.unit} of {context.detector.name}"
        return f"{text}: image {context.dataset.images.ids[image]!r}", "empty_foreground"

    return context.about_images("ANC002", rows, tell)


RULE = Rule(
    code="ANC002",
    severity="error",
    title="image with an empty foreground mask",
    what="An image with usable boxes but without a positive anchor or point (verdict `empty_foreground`).",
    why=(
        "A loss divided by the number of positives is 0/0, which is NaN; one step with it destroys "
        "every weight. With a guarded loss the image teaches nothing."
    ),
    example="one box of 12 x 9 px, and anchors of 64 px and more; or points 16 px apart",
    remedy=(
        "see why with anchoraudit explain and what helps with anchoraudit advise; or drop the image (filter)"
    ),
    check=check,
    needs_detector=True,
    verdict="empty_foreground",
)
