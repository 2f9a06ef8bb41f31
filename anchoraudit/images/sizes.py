"""Sizes of images, from their headers; no image is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.pillow import quiet_pillow
from anchoraudit.io.files import read_head, safe_join

if TYPE_CHECKING:
    from anchoraudit.arrays import Float

# No image has a longer side (the largest whole-slide scans have some 500,000 px): a declared size beyond it
# is a mistake, and would only cost memory.
LARGEST_SIDE = 10_000_000
HEAD = 4096  # bytes: a page, in which most headers end
_THREADS = 8
_FIRST = 33  # images that show how slow the disk is; the first of them also loads Pillow's parts
_SLOW = 1e-3  # seconds an image: then most of it is waiting, and threads wait together; else they hinder
_ORIENTATION = 274  # the EXIF key
_TURNED = (5, 6, 7, 8)  # by a quarter: width and height change places
_Size = tuple[float, float, bool]
_UNKNOWN: _Size = (float("nan"), float("nan"), False)


def read_sizes(paths: Sequence[Path | None], *, upright: bool = False) -> tuple[Float, int]:
    """Width and height of each image, [N, 2], in pixels, NaN where unknown; and how many were turned.

    None stands for an image that is not there.

    upright: after a JPEG's EXIF orientation, as OpenCV loads it, and with it yolov5 and ultralytics
    (exif_size). Otherwise as stored, which is what most annotations refer to.
    """
    import numpy as np  # readers import this module before NumPy

    read = partial(_read, upright=upright)
    with quiet_pillow():  # not in the threads, which share its state; a huge image is no bomb here
        found = [read(path) for path in paths[:1]]
        begun = perf_counter()
        found += map(read, paths[1:_FIRST])
        rest = paths[_FIRST:]
        if rest and perf_counter() - begun > _SLOW * (_FIRST - 1):
            with ThreadPoolExecutor(_THREADS) as threads:
                found += threads.map(read, rest)
        else:
            found += map(read, rest)
    sizes = np.array([size for *size, _ in found], dtype=np.float64).reshape(-1, 2)
    return sizes, sum(turned for *_, turned in found)


def sizes_below(folder: Path | None, names: Sequence[str]) -> Float:
    """`read_sizes` of the images `names` below a folder; a name that leads out of it is not followed."""
    return read_sizes([None if folder is None else safe_join(folder, name) for name in names])[0]


def _read(path: Path | None, *, upright: bool) -> _Size:
    if path is None:
        return _UNKNOWN
    plain = plain_header(read_head(path, HEAD))
    if plain is not None:  # a plain JPEG has no EXIF, so it is not turned
        return plain[0], plain[1], False
    from PIL import Image  # heavy, and most images do not need it

    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return _UNKNOWN
        with Image.open(path) as image:
            width, height = image.size
            turned = False
            codec = image.format
            if upright and codec == "JPEG" and "exif" in image.info:
                with suppress(Exception):  # of any kind, where the EXIF data are broken
                    turned = image.getexif().get(_ORIENTATION) in _TURNED
            return (height, width, True) if turned else (width, height, False)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return _UNKNOWN
