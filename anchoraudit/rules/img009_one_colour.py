"""IMG009: image of one colour."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Images all of whose pixels are the same; known after decoding only."""
    plain = np.zeros(0, dtype=np.bool_) if context.image_files is None else context.image_files.one_colour
    text = "every pixel has the same colour"
    return context.about_images("IMG009", np.flatnonzero(plain), lambda _: (text, text), own_file=True)


RULE = Rule(
    code="IMG009",
    severity="warning",
    title="image of one colour",
    what="All pixels of the image are equal. Looked for with --images decode.",
    why=(
        "It shows nothing: a failed export, or a frame before the camera was on. Boxes on it are noise, and"
        " a normalisation by its deviation divides by zero."
    ),
    example="a black frame at the beginning of a video",
    remedy="remove the image, or fetch it again",
    check=check,
)
