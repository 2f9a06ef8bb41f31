"""SET004: image in two splits."""

from __future__ import annotations

import numpy as np

from anchoraudit.io.files import name_parts
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.set014_other_splits_annotations import copied_sources, folder_of

_WHOLE = 0.98  # share of its image that a box covers when it says nothing about which image that is


def check(context: Context) -> Hits:
    """Find images in two splits: one file named twice, or files of one name known to be one image."""
    dataset = context.dataset
    other: dict[int, int] = {}
    if len(dataset.splits) > 1:
        copied = copied_sources(context)
        same = _Same(context)
        folders = [folder_of(context, number) for number in range(len(dataset.sources))]
        images = dataset.images
        split = images.split.tolist()
        met: dict[str, list[int]] = {}
        for i, (name, source) in enumerate(zip(images.file_names, images.source.tolist(), strict=True)):
            if not name:
                continue
            last = name_parts(name)[1]
            for before in met.get(last, ()):
                theirs = int(images.source[before])
                if split[before] == split[i] or source in copied or theirs in copied:
                    continue
                if folders[theirs] == folders[source] and images.file_names[before] == name:
                    # Of one source, the readers of other formats have said so.
                    is_one = dataset.has_entries or (theirs != source and same.image(before, i))
                else:
                    is_one = same.image(before, i)
                if is_one:
                    other[i] = before
                    break
            if len(met.setdefault(last, [])) < _MOST_COMPARED:
                met[last].append(i)

    def tell(image: int) -> tuple[str, str]:
        before = other[image]
        split = dataset.splits[int(dataset.images.split[before])]
        own = dataset.splits[int(dataset.images.split[image])]
        name, theirs = dataset.images.file_names[image], dataset.images.file_names[before]
        also = "" if name == theirs else f" (there as {theirs!r})"
        return f"{name!r} is in {split!r}{also} and in {own!r}", name

    return context.about_images("SET004", np.array(list(other), dtype=np.int64), tell)


_MOST_COMPARED = 8  # images of one name that a further one is compared with


class _Same:
    """Tells whether two entries whose files have the same name are one image, by what is known of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._order = self._starts = np.zeros(0, dtype=np.int64)

    def image(self, first: int, second: int) -> bool:
        """Compare the files' bytes where both were looked at; else sizes and boxes, if there are any."""
        files = self._context.image_files
        if files is not None and files.present[first] and files.present[second]:
            return bool(files.copy_of[second] == first or files.copy_of[second] == files.copy_of[first] >= 0)
        images = self._context.dataset.images
        pair = [first, second]
        if len({*images.width[pair].tolist()}) > 1 or len({*images.height[pair].tolist()}) > 1:
            return False  # also where a size is unknown: NaN differs from itself
        own, theirs = self._boxes(second), self._boxes(first)
        return own == theirs and self._says_something(second)

    def _rows(self, image: int) -> list[int]:
        boxes = self._context.dataset.boxes
        if not len(self._starts):
            self._order = boxes.by_image()
            count = len(self._context.dataset.images)
            self._starts = np.searchsorted(boxes.image[self._order], np.arange(count + 1))
        rows: list[int] = self._order[self._starts[image] : self._starts[image + 1]].tolist()
        return rows

    def _boxes(self, image: int) -> list[tuple[object, ...]]:
        boxes, rows = self._context.dataset.boxes, self._rows(image)
        return sorted((*boxes.xyxy[row].tolist(), int(boxes.category[row])) for row in rows)

    def _says_something(self, image: int) -> bool:
        """Tell whether a box is of this image and not of any: smaller than the image."""
        images, rows = self._context.dataset.images, self._rows(image)
        sides = self._context.sides[rows]
        whole = _WHOLE * np.array([images.width[image], images.height[image]])
        return bool(len(rows) and ((sides > 0).all(axis=1) & (sides < whole).any(axis=1)).any())


RULE = Rule(
    code="SET004",
    severity="warning",
    title="image in two splits",
    what=(
        "COCO: the same file in the same folder in two annotation files (where no images are found, the "
        "same name in two annotation files of a folder). VOC and YOLO: an image in two splits; lists that "
        "combine others, such as `trainval`, do not count. Tables: an image with rows in two splits. In all "
        "formats: files of one name in two folders, if their bytes are the same; where they were not looked "
        "at, if size, boxes and classes are."
    ),
    why="The evaluation sees an image that was trained on, and the score is too good.",
    example="ImageSets/Main/train.txt and ImageSets/Main/val.txt both list 000042",
    remedy="keep the image in one split",
    check=check,
    scope="names",
)
