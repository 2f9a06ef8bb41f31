"""IMG008: EXIF orientation that turns or mirrors the image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.img006_other_size import compared

# How viewers show the stored image, by the tag's value: EXIF 2.32, tag 274. From 5 on, width and height swap.
SHOWN = (
    *("", "", "mirrored", "turned by half", "upside down and mirrored", "turned by a quarter and mirrored"),
    *("turned by a quarter", "turned by a quarter and mirrored", "turned by a quarter"),
)
_QUARTER = 5


def check(context: Context) -> Hits:
    """Find files that are shown otherwise than stored, and say which view is declared, if that shows."""
    image_files = context.image_files
    turned = (
        np.zeros(0, dtype=np.int64) if image_files is None else np.flatnonzero(image_files.orientation >= 2)
    )
    swapped = compared(context)[1]

    def tell(image: int) -> tuple[str, str]:
        assert image_files is not None
        width, height = (f"{side[image]:g}" for side in (image_files.width, image_files.height))
        orientation = int(image_files.orientation[image])
        evidence = f"orientation {orientation}"
        if orientation < _QUARTER:
            return f"{evidence}: shown {SHOWN[orientation]}; the size is the same in both views", evidence
        text = f"{evidence}: stored {width}x{height}, shown {height}x{width}"
        if "mirrored" in SHOWN[orientation]:
            text += " and mirrored"
        measured = context.dataset.images.measured
        if measured is not None and bool(measured[image]):
            return f"{text}; no size is declared", evidence
        own = "the turned image" if swapped[image] else "the stored pixels"
        return f"{text}; the declared size is that of {own}", evidence

    return context.about_images("IMG008", turned, tell, own_file=True)


RULE = Rule(
    code="IMG008",
    severity="warning",
    title="EXIF orientation turns or mirrors the image",
    what=(
        "The file's EXIF tag asks viewers to show the image in another way than it is stored (orientation 2 "
        "to 8): mirrored, turned by half, or turned by a quarter, which swaps width and height."
    ),
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
    needs_image_files=True,
)
