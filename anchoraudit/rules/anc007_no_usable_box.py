"""ANC007: image without a usable box."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with the verdict `no_usable_box`."""
    rows = np.flatnonzero(context.verdict == VERDICT_CODE["no_usable_box"])

    def tell(image: int) -> tuple[str, str]:
        end = "encoder" if context.detector.anchors.levels else "assigner"
        text = f"annotations, but no box reaches the {end}"
        return f"{text}: image {context.dataset.images.ids[image]!r}", "no_usable_box"

    return context.about_images("ANC007", rows, tell)


RULE = Rule(
    code="ANC007",
    severity="error",
    title="image without a usable box",
    what=(
        "An image with annotations, none of which reaches the encoder: crowds, and boxes that have no "
        "area, lie outside the image or are not finite (verdict `no_usable_box`)."
    ),
    why="Its foreground is empty, like that of a blank image, although somebody annotated it.",
    example="one annotation, with a bbox [10, 20, 0, 0]",
    remedy="fix its boxes, or drop the image (filter does)",
    check=check,
    needs_detector=True,
    verdict="no_usable_box",
)
