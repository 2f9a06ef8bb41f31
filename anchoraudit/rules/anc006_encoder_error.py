"""ANC006: image on which the framework raises."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.errors_raised import REASONS, reason
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images with the verdict `encoder_error` that the encoder itself raises on."""
    rows = np.flatnonzero((context.verdict == VERDICT_CODE["encoder_error"]) & (context.raises > 0))

    def tell(image: int) -> tuple[str, str]:
        code = int(context.raises[image])
        message = f"{context.detector.name}: {REASONS[code]}: image {context.dataset.images.ids[image]!r}"
        return message, reason(code, context.detector)

    return context.about_images("ANC006", rows, tell)


RULE = Rule(
    code="ANC006",
    severity="error",
    title="image on which the framework raises",
    what="The framework's own code stops with an exception on this image (verdict `encoder_error`).",
    why="Training stops there, in whichever epoch the image first comes up.",
    example="an image too small for any anchor to lie inside it, under simple-faster-rcnn",
    remedy="drop the image (filter does), or change the detector's border or input size",
    check=check,
    needs_detector=True,
    verdict="encoder_error",
)
