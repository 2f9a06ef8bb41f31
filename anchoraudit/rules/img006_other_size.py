"""IMG006: declared image size differs from the file's."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def compared(context: Context) -> tuple[Bool, Bool]:
    """Compare declared sizes with those of the files: bool [N] each.

    Returns which images differ, and which of these have the same size with the sides swapped.
    """
    images, image_files = context.dataset.images, context.image_files
    if image_files is None:
        nothing = np.zeros(len(images), dtype=np.bool_)
        return nothing, nothing
    width, height = image_files.width, image_files.height
    known = np.isfinite(width) & np.isfinite(images.width)
    if images.measured is not None:
        known &= ~images.measured
    differs = known & ((width != images.width) | (height != images.height))
    return differs, differs & (width == images.height) & (height == images.width)


def sizes(context: Context, image: int) -> str:
    """Write both sizes as text."""
    images, image_files = context.dataset.images, context.image_files
    assert image_files is not None
    declared = f"{images.width[image]:g}x{images.height[image]:g}"
    return f"declared {declared}, the file has {image_files.width[image]:g}x{image_files.height[image]:g}"


def check(context: Context) -> Hits:
    """Find declared sizes that differ from the file's; swapped sides are IMG007."""
    differs, swapped = compared(context)
    rows = np.flatnonzero(differs & ~swapped)

    def tell(image: int) -> tuple[str, str]:
        return f"image {context.dataset.images.ids[image]!r}: {sizes(context, image)}", sizes(context, image)

    return context.about_images("IMG006", rows, tell)


RULE = Rule(
    code="IMG006",
    severity="warning",
    title="declared size differs from the file's",
    what="Width and height in the annotation differ from those in the image file's header.",
    why=(
        "Boxes are scaled by the ratio of two sizes, one of them wrong: every box of the image ends up "
        "in the wrong place. detectron2 raises a SizeMismatchError."
    ),
    example='{"file_name": "a.jpg", "width": 640, "height": 480}, and a.jpg has 1280x960',
    remedy="find out for which size the boxes were drawn, then declare the file's size",
    check=check,
    needs_image_files=True,
)
