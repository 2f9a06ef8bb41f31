"""ANC008: image without annotation."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with the verdict `blank`."""
    rows = np.flatnonzero(context.verdict == VERDICT_CODE["blank"])

    def tell(image: int) -> tuple[str, str]:
        return f"no annotation: image {context.dataset.images.ids[image]!r}", "blank"

    return context.about_images("ANC008", rows, tell)


RULE = Rule(
    code="ANC008",
    severity="error",
    title="image without annotation",
    what="An image without any annotation (verdict `blank`). With --allow-blank it does not set exit code 1.",
    why=(
        "Its foreground is empty. Where the loss divides by the number of positives, a batch of such "
        "images is NaN."
    ),
    example="an image of an empty street, in a data set of cars",
    remedy="if it is background, scan with --allow-blank and guard the loss; otherwise drop it (filter)",
    check=check,
    needs_detector=True,
    verdict="blank",
)
