"""ANC003: image with only forced matches."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with the verdict `forced_only`."""
    rows = np.flatnonzero(context.verdict == VERDICT_CODE["forced_only"])

    def tell(image: int) -> tuple[str, str]:
        detector = context.detector
        how = "by forced matches" if detector.match.forces else "outside its boxes"
        text = f"positive {detector.match.units} of {detector.name} only {how}"
        return f"{text}: image {context.dataset.images.ids[image]!r}", "forced_only"

    return context.about_images("ANC003", rows, tell)


RULE = Rule(
    code="ANC003",
    severity="info",
    title="image with only forced matches",
    what=(
        "No box of the image has an anchor at or above the positive threshold. Its best anchors are "
        "positive all the same, because the detector forces them (verdict `forced_only`). Or no point lies "
        "inside its boxes, and the framework trains them at points elsewhere (ANC018)."
    ),
    why=(
        "The few anchors that it trains overlap their box badly. They learn large corrections from "
        "features that hardly see the object."
    ),
    example="a box of 12 x 9 px whose best anchor, of 32 x 32 px, has an IoU of 0.1",
    remedy="train at a larger input size, or see what else helps: anchoraudit advise",
    check=check,
    needs_detector=True,
    verdict="forced_only",
)
