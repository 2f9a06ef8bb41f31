"""IMG005: image file that cannot be decoded."""

from __future__ import annotations

import numpy as np

from anchoraudit.io.not_data import PAGE, POINTER
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find files that are empty, truncated or not images."""
    image_files = context.image_files
    problems = [] if image_files is None else list(image_files.problem)
    elsewhere = {"", POINTER.of_image, PAGE.of_image}  # these have rules of their own
    rows = np.array([i for i, problem in enumerate(problems) if problem not in elsewhere], dtype=np.int64)
    return context.about_images("IMG005", rows, lambda i: (problems[i], problems[i]), own_file=True)


RULE = Rule(
    code="IMG005",
    severity="error",
    title="image file that cannot be decoded",
    what=(
        "A file that is empty, truncated, or not an image. By default only its header and its end are "
        "checked; --images decode decodes every pixel."
    ),
    why=(
        "The loader stops there, in whichever epoch the image first comes up. A loader told to go on "
        "fills the missing part with grey, and trains the objects there as grey."
    ),
    example="a download that ended early: a JPEG without its end marker",
    remedy="get the file again, or remove the image's entry and boxes",
    check=check,
    needs_image_files=True,
)
