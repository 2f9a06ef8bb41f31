"""SET004: image in two splits."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """COCO: find image files in two splits. The other formats check this while they read."""
    dataset = context.dataset
    rows: list[int] = []
    other: dict[int, int] = {}
    if dataset.has_entries and len(dataset.splits) > 1:
        first: dict[tuple[str, str], int] = {}
        folders = [str(source.image_folder) for source in dataset.sources]
        images = dataset.images
        keys = zip(images.file_names, images.source.tolist(), images.split.tolist(), strict=True)
        for i, (name, source, split) in enumerate(keys):
            before = first.setdefault((folders[source], name), i)
            if name and images.split[before] != split:
                rows.append(i)
                other[i] = before

    def tell(image: int) -> tuple[str, str]:
        split = dataset.splits[int(dataset.images.split[other[image]])]
        own = dataset.splits[int(dataset.images.split[image])]
        name = dataset.images.file_names[image]
        return f"{name!r} is in {split!r} and in {own!r}", name

    return context.about_images("SET004", np.array(rows, dtype=np.int64), tell)


RULE = Rule(
    code="SET004",
    severity="warning",
    title="image in two splits",
    what=(
        "COCO: the same file in the same folder in two annotation files (where no images are found, the "
        "same name). VOC and YOLO: an image in two splits; lists that combine others, such as "
        "`trainval`, do not count. Tables: an image with rows in two splits."
    ),
    why="The evaluation sees an image that was trained on, and the score is too good.",
    example="ImageSets/Main/train.txt and ImageSets/Main/val.txt both list 000042",
    remedy="keep the image in one split",
    check=check,
)
