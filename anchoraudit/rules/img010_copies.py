"""IMG010: the same file twice."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find image files with the same bytes as another one, which counts as the original."""
    images, splits = context.dataset.images, context.dataset.splits
    first = _originals(context)

    def tell(image: int) -> tuple[str, str]:
        other = int(first[image])
        text = f"the same bytes as {images.file_names[other]!r}"
        if images.split[image] != images.split[other]:
            text += f", which is in {splits[int(images.split[other])]!r}"
        return text, images.file_names[other]

    return context.about_images("IMG010", np.flatnonzero(first >= 0), tell, own_file=True)


def _originals(context: Context) -> Int:
    """Return the original that each of N images is a copy of, -1 if it is not a copy: int64 [N].

    The original is the file with the shortest name, then the first by the alphabet. So the order of the
    images does not change which ones are copies.
    """
    if context.image_files is None:
        return np.zeros(0, dtype=np.int64)
    images, first = context.dataset.images, context.image_files.copy_of
    groups: dict[int, list[int]] = {}
    for image in np.flatnonzero(first >= 0).tolist():
        groups.setdefault(int(first[image]), [int(first[image])]).append(image)
    original = np.full(len(first), -1, dtype=np.int64)
    for group in groups.values():
        chosen = min(
            group, key=lambda i: (len(images.file_names[i]), images.file_names[i], str(images.ids[i]))
        )
        original[[image for image in group if image != chosen]] = chosen
    return original


RULE = Rule(
    code="IMG010",
    severity="warning",
    title="the same image twice",
    what=(
        "Image files with the same bytes. The one with the shortest name counts as the original; each "
        "of the others is reported."
    ),
    why=(
        "The image counts twice, possibly with different boxes. In two splits, the evaluation sees an "
        "image that was trained on."
    ),
    example="IMG_0042.jpg and IMG_0042 (1).jpg",
    remedy="keep the one with the better annotation",
    check=check,
    scope="whole",
    needs_whole="two equal files may be in different parts",
)
