"""IMG011: image file whose name differs in case."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Facts, Hits
from anchoraudit.rules._rule import Rule


def check(facts: Facts) -> Hits:
    """Absent files, where one is there whose name differs in case only."""
    names = [] if facts.pictures is None else list(facts.pictures.other_case)
    rows = np.array([i for i, name in enumerate(names) if name], dtype=np.int64)

    def tell(image: int) -> tuple[str, str]:
        return f"the file is called {names[image]!r}", names[image]

    return facts.about_images("IMG011", rows, tell, picture=True)


RULE = Rule(
    code="IMG011",
    severity="warning",
    title="image name that differs in case",
    what=(
        "The named file is absent, and one is there whose name differs in upper and lower case only, or in "
        "how an accent is encoded."
    ),
    why="It is found on Windows and macOS, and on the Linux machine that trains it is not.",
    example="an entry for IMG_0042.jpg, and a file IMG_0042.JPG",
    remedy="rename the files, or mend the names in the annotations",
    check=check,
)
