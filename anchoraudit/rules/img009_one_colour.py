"""IMG009: image of one colour."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find images of a single colour. Only decoding shows this."""
    plain = np.zeros(0, dtype=np.bool_) if context.image_files is None else context.image_files.one_colour
    text = "every pixel has the same colour"
    return context.about_images("IMG009", np.flatnonzero(plain), lambda _: (text, text), own_file=True)


RULE = Rule(
    code="IMG009",
    severity="warning",
    title="image of one colour",
    what="All pixels of the image are equal. Checked only with --images decode.",
    why=(
        "The image shows nothing: an export failed, or the camera was not on yet. Boxes on it are "
        "noise, and dividing by its standard deviation is a division by zero."
    ),
    example="a black frame at the beginning of a video",
    remedy="remove the image, or get it again",
    check=check,
    needs_image_files=True,
)
