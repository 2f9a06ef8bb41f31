"""IMG005: image file that cannot be decoded."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Files that are empty, cut off, or no images."""
    image_files = context.image_files
    problems = [] if image_files is None else list(image_files.problem)
    rows = np.array([i for i, problem in enumerate(problems) if problem], dtype=np.int64)
    return context.about_images("IMG005", rows, lambda i: (problems[i], problems[i]), own_file=True)


RULE = Rule(
    code="IMG005",
    severity="error",
    title="image file that cannot be decoded",
    what=(
        "A file that is empty, no image, or cut off. By default headers and ends are looked at; with "
        "--images decode every pixel is."
    ),
    why=(
        "The loader stops there, in whichever epoch the image comes first; or, told to, it fills the "
        "missing part with grey, and the objects there are trained as grey."
    ),
    example="a download that ended early: a JPEG without its end marker",
    remedy="fetch the file again, or remove the image's entry and boxes",
    check=check,
)
