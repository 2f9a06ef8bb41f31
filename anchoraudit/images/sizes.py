"""Reads the sizes of images from their headers. No image is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.pillow import is_turned, quiet_pillow

# 20 times the longest side of the largest whole-slide scans (some 500,000 px). A larger declared size is a
# mistake, and would only cost memory.
LARGEST_SIDE = 10_000_000
HEAD = 4096  # bytes: one page of memory, in which most headers end
# Width and height in pixels as stored, and whether a loader that follows EXIF turns the image by a quarter.
Size = tuple[float, float, bool]
UNKNOWN: Size = (float("nan"), float("nan"), False)


def size_in(file: BinaryIO) -> tuple[float, float]:
    """Return width and height of the image in an open file, as stored: in pixels, NaN if it is none."""
    plain = plain_header(file.read(HEAD))
    if plain is not None:
        return plain[0], plain[1]
    from PIL import Image

    file.seek(0)
    try:
        with quiet_pillow(), Image.open(file) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return UNKNOWN[:2]


def size_of_file(path: Path) -> Size:
    """Return what Pillow says of a file, UNKNOWN if it is no image, or too large for Pillow's own limit."""
    from PIL import Image  # slow to import, and most images do not need it

    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return UNKNOWN
        with Image.open(path) as image:
            width, height = image.size
            # As OpenCV, and so YOLOv5 and Ultralytics (exif_size), which read EXIF in a JPEG only.
            codec = image.format
            turned = codec == "JPEG" and "exif" in image.info and is_turned(image)
            return width, height, turned
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return UNKNOWN
