"""IMG010: the same file twice."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.columns import Int
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Images whose file is byte for byte that of another one, which is taken for the original."""
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
    """For each of N images the one that its file is a copy of, -1 if it is none: int64 [N].

    The original is the one with the shortest name, of equally long ones the first by the alphabet: another
    order of the images does not change which are copies.
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
        "Image files with the same bytes. The one with the shortest name counts as the original, each of the "
        "others is reported."
    ),
    why=(
        "It counts twice, possibly with other boxes; in two splits, what is trained on is also evaluated on."
    ),
    example="IMG_0042.jpg and IMG_0042 (1).jpg",
    remedy="keep one of them, with the better annotation",
    check=check,
)
