"""Sizes of many images, from their headers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from anchoraudit.dataset import Float
from anchoraudit.formats._images import quiet_pillow

_THREADS = 8
_FIRST = 33  # images by which is told how slow the disk is; the first of them also loads Pillow's parts
_SLOW = 1e-3  # seconds an image: then most of it is waiting, and threads wait together; else they hinder
_ORIENTATION = 274  # the EXIF key
_TURNED = (5, 6, 7, 8)  # by a quarter: width and height change places
_Size = tuple[float, float, bool]
_UNKNOWN: _Size = (np.nan, np.nan, False)


def read_sizes(paths: Sequence[Path], *, upright: bool = False) -> tuple[Float, int]:
    """Width and height of each image, [N, 2], NaN where not to be had; and how many were turned.

    upright: after a JPEG's EXIF orientation, as OpenCV loads it, and with it yolov5 and ultralytics
    (exif_size); else as stored. No image is decoded.
    """
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


def _read(path: Path, *, upright: bool) -> _Size:
    from PIL import Image  # heavy, and needed only where a size is missing

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
