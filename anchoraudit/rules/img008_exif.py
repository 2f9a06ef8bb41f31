"""IMG008: EXIF orientation that turns the image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Facts, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.img006_other_size import compared


def check(facts: Facts) -> Hits:
    """Files with an orientation that exchanges width and height, and for which of both sizes boxes are."""
    pictures = facts.pictures
    turned = np.zeros(0, dtype=np.int64) if pictures is None else np.flatnonzero(pictures.orientation >= 5)
    swapped = compared(facts)[1]

    def tell(image: int) -> tuple[str, str]:
        assert pictures is not None
        width, height = (f"{side[image]:g}" for side in (pictures.width, pictures.height))
        evidence = f"orientation {pictures.orientation[image]}"
        text = f"{evidence}: stored {width}x{height}, shown {height}x{width}"
        measured = facts.dataset.images.measured
        if measured is not None and bool(measured[image]):
            return f"{text}; no size is declared", evidence
        own = "the turned image" if swapped[image] else "the stored pixels"
        return f"{text}; the declared size is that of {own}", evidence

    return facts.about_images("IMG008", turned, tell, picture=True)


RULE = Rule(
    code="IMG008",
    severity="warning",
    title="EXIF orientation turns the image",
    what="The file asks to be shown turned by a quarter, so that width and height change places.",
    why=(
        "Labelling tools show the turned image; some loaders turn it too (detectron2, YOLOv5), some do not "
        "(torchvision's own datasets, OpenCV with IMREAD_UNCHANGED): boxes and pixels part company without "
        "an error."
    ),
    example="a photograph of a phone held upright: 4000x3000 pixels and orientation 6",
    remedy="turn the pixels, remove the tag (jpegtran, PIL's ImageOps.exif_transpose), and check the boxes",
    check=check,
)
