"""IMG011: image file whose name differs in case."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find absent image files where a file with the same name in other case exists."""
    names = [] if context.image_files is None else list(context.image_files.other_case)
    rows = np.array([i for i, name in enumerate(names) if name], dtype=np.int64)

    def tell(image: int) -> tuple[str, str]:
        return f"the file is named {names[image]!r}", names[image]

    return context.about_images("IMG011", rows, tell, own_file=True)


RULE = Rule(
    code="IMG011",
    severity="warning",
    title="image name that differs in case",
    what=(
        "The named file is absent, and there is a file whose name differs only in upper and lower case, "
        "or in how an accent is encoded."
    ),
    why="Windows and macOS find the file. The Linux machine that trains does not.",
    example="an entry for IMG_0042.jpg, and a file IMG_0042.JPG",
    remedy="rename the files, or fix the names in the annotations",
    check=check,
    scope="whole",
    needs_whole="a file of another name may be that of an image in another part",
)
