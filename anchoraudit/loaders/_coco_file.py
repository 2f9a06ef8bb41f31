"""The rules of `pycocotools/coco.py`, with which most loaders read a COCO file.

For each id it keeps one entry, the last one, of images and of annotations. It raises KeyError at an
annotation without an id. An image without an entry in the file does not exist for it. These rules apply only
to data that were read from COCO files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Int
    from anchoraudit.loaders._sieve import Sieve

_INDEX = "pycocotools/coco.py `createIndex`"
UNLISTED = Rule("image", "no entry in the file names it", _INDEX, "coco")
WITHOUT_ID = Rule("raises", "annotation without an id", _INDEX, "coco")
LATER_ID = Rule("image", "a later image has its id, and gets its boxes", _INDEX, "coco")
LATER_BOX = Rule("moves", "replaced by a later annotation of the same id", f"{_INDEX}, `loadAnns`", "coco")
READING = (UNLISTED, WITHOUT_ID, LATER_ID)


def read_index(sieve: Sieve) -> None:
    """Apply the three rules of READING, which every loader has that reads with pycocotools."""
    if not sieve.dataset.has_entries:
        return
    images, ids = sieve.images, sieve.boxes.annotation_ids
    if images.entry is not None:
        sieve.drop_images(UNLISTED, images.entry < 0)
    if ids is not None and ids.dtype == object:
        sieve.drop_images_of(WITHOUT_ID, ids == "")
    _join_images(sieve)


def _join_images(sieve: Sieve) -> None:
    """Keep the last image of each id in a file, and give it the boxes of all images with that id."""
    from dataclasses import replace

    import numpy as np

    images = sieve.images
    if len(set(images.ids)) == len(images):
        return
    listed = np.flatnonzero(sieve.images_left).tolist()
    keys = {i: (int(images.source[i]), images.ids[i]) for i in listed}
    last = {key: i for i, key in keys.items()}
    stands_in = np.arange(len(images))
    for i, key in keys.items():
        stands_in[i] = last[key]
    sieve.drop_images(LATER_ID, stands_in != np.arange(len(images)))
    sieve.boxes = replace(sieve.boxes, image=stands_in[sieve.boxes.image])


def undeclared(sieve: Sieve) -> Bool:
    """Tell which images have an entry without a usable width and height: bool [N]."""
    import numpy as np

    images = sieve.images
    if not sieve.dataset.has_entries:
        return np.zeros(len(images), dtype=np.bool_)
    return np.isnan(images.width) | np.isnan(images.height) if images.measured is None else images.measured


def repeated(sieve: Sieve) -> Bool:
    """Tell which annotations share their id with another one of their file: bool [M]."""
    import numpy as np

    ids = sieve.boxes.annotation_ids
    found = np.zeros(len(sieve.boxes), dtype=np.bool_)
    for rows in _rows_by_file(sieve):
        last = _last(ids[rows]) if ids is not None else None
        if last is not None:
            found[rows] = np.bincount(last, minlength=len(rows))[last] > 1
    return found


def take_last(sieve: Sieve) -> None:
    """Give each annotation the values of the last one with its id and file, except the image (`loadAnns`)."""
    from dataclasses import replace

    import numpy as np

    ids = sieve.boxes.annotation_ids
    stands_in = np.arange(len(sieve.boxes))
    for rows in _rows_by_file(sieve):
        last = _last(ids[rows]) if ids is not None else None
        if last is not None:
            stands_in[rows] = rows[last]
    if bool((stands_in == np.arange(len(stands_in))).all()):
        return
    sieve.move(LATER_BOX, sieve.boxes.xyxy[stands_in])
    taken = sieve.boxes.take(stands_in)
    sieve.boxes = replace(taken, image=sieve.boxes.image, entry=sieve.boxes.entry)


def _rows_by_file(sieve: Sieve) -> list[Int]:
    import numpy as np

    if not sieve.dataset.has_entries:
        return []
    files = len(sieve.dataset.sources)
    if files == 1:
        return [np.arange(len(sieve.boxes))]
    source = sieve.images.source[sieve.boxes.image]
    return [np.flatnonzero(source == file) for file in range(files)]


def _last(ids: Any) -> Int | None:
    """Return, for each id, the position of its last occurrence; None if no id is repeated."""
    import numpy as np

    if ids.dtype == object:
        last = {identity: i for i, identity in enumerate(ids.tolist())}
        if len(last) == len(ids):
            return None
        return np.array([last[identity] for identity in ids.tolist()], dtype=np.int64)
    ranked = np.sort(ids)  # cheaper than the stable order, which only files with repeats need
    if bool((ranked[1:] > ranked[:-1]).all()):
        return None
    order = np.argsort(ids, kind="stable")
    ranked = ids[order]
    at = np.searchsorted(ranked, ids, side="right") - 1
    found: Int = order[at]
    return found
