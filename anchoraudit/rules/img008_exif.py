"""IMG008: EXIF orientation that turns the image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.img006_other_size import compared


def check(context: Context) -> Hits:
    """Find files with an orientation that swaps width and height, and say which size is declared."""
    image_files = context.image_files
    turned = (
        np.zeros(0, dtype=np.int64) if image_files is None else np.flatnonzero(image_files.orientation >= 5)
    )
    swapped = compared(context)[1]

    def tell(image: int) -> tuple[str, str]:
        assert image_files is not None
        width, height = (f"{side[image]:g}" for side in (image_files.width, image_files.height))
        evidence = f"orientation {image_files.orientation[image]}"
        text = f"{evidence}: stored {width}x{height}, shown {height}x{width}"
        measured = context.dataset.images.measured
        if measured is not None and bool(measured[image]):
            return f"{text}; no size is declared", evidence
        own = "the turned image" if swapped[image] else "the stored pixels"
        return f"{text}; the declared size is that of {own}", evidence

    return context.about_images("IMG008", turned, tell, own_file=True)


RULE = Rule(
    code="IMG008",
    severity="warning",
    title="EXIF orientation turns the image",
    what="The file's EXIF tag asks viewers to turn the image by a quarter, which swaps width and height.",
    why=(
        "Labelling tools show the turned image. Some loaders turn it too (detectron2, YOLOv5), others "
        "do not (torchvision's own datasets, OpenCV with IMREAD_UNCHANGED). Boxes and pixels then "
        "disagree, and nothing raises an error."
    ),
    example="a photograph from a phone held upright: 4000x3000 pixels and orientation 6",
    remedy=(
        "turn the pixels and remove the tag (jpegtran, or PIL's ImageOps.exif_transpose), then check "
        "the boxes"
    ),
    check=check,
)
