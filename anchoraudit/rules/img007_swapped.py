"""IMG007: image whose width and height are swapped."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.img006_other_size import compared, sizes


def check(context: Context) -> Hits:
    """Find declared sizes with the sides swapped, where no EXIF orientation explains it."""
    swapped = compared(context)[1]
    if context.image_files is not None:
        swapped = swapped & (context.image_files.orientation < 5)

    def tell(image: int) -> tuple[str, str]:
        return f"image {context.dataset.images.ids[image]!r}: {sizes(context, image)}", sizes(context, image)

    return context.about_images("IMG007", np.flatnonzero(swapped), tell)


RULE = Rule(
    code="IMG007",
    severity="warning",
    title="width and height swapped",
    what=(
        "The declared size is the file's with width and height swapped, and the file has no EXIF "
        "orientation that explains it."
    ),
    why="Boxes are clipped and scaled with the wrong sides. The boxes themselves are often right.",
    example='{"file_name": "a.jpg", "width": 480, "height": 640}, and a.jpg has 640x480',
    remedy="swap the two numbers: filter --unsafe-fixes does",
    check=check,
    needs_image_files=True,
)
