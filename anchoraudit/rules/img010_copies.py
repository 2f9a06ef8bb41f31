"""IMG010: the same file twice."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._facts import Facts, Hits
from anchoraudit.rules._rule import Rule


def check(facts: Facts) -> Hits:
    """Images whose file is byte for byte that of an earlier one."""
    first = np.zeros(0, dtype=np.int64) if facts.pictures is None else facts.pictures.copy_of
    images, splits = facts.dataset.images, facts.dataset.splits

    def tell(image: int) -> tuple[str, str]:
        other = int(first[image])
        text = f"the same bytes as {images.file_names[other]!r}"
        if images.split[image] != images.split[other]:
            text += f", which is in {splits[int(images.split[other])]!r}"
        return text, images.file_names[other]

    return facts.about_images("IMG010", np.flatnonzero(first >= 0), tell, picture=True)


RULE = Rule(
    code="IMG010",
    severity="warning",
    title="the same image twice",
    what="An image file with the same bytes as an earlier one of the data set.",
    why=(
        "It counts twice, possibly with other boxes; in two splits, what is trained on is also evaluated on."
    ),
    example="IMG_0042.jpg and IMG_0042 (1).jpg",
    remedy="keep one of them, with the better annotation",
    check=check,
)
