"""Reads images with Pillow under fixed settings.

No warnings, no limit on size, only formats that training loads, and truncated files fail.
"""

from __future__ import annotations

import errno
import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from anchoraudit.errors import printable
from anchoraudit.io.files import open_regular

if TYPE_CHECKING:
    from PIL.Image import Image

# 20,000 x 20,000, the largest aerial tiles of public detection sets. Decoded, that is up to 1.6 GB a core.
MOST_PIXELS = 400_000_000
_ORIENTATION = 0x0112
_TIFF_SIDES = (256, 257)
# Formats that training loaders read, those that Pillow loads at once first. Others are left out: for EPS,
# Pillow would run Ghostscript.
_FIRST = ("JPEG", "PNG", "BMP", "DIB", "GIF", "PPM")
# Those of which `Image.open` says the same, whatever other formats it may try. MPO is a kind of JPEG.
AT_ONCE = frozenset([*_FIRST, "MPO"])
_TURNED = (5, 6, 7, 8)  # orientations by a quarter: width and height change places
_LATER = {"Tiff": "TIFF", "WebP": "WEBP", "Jpeg2K": "JPEG2000", "Avif": "AVIF"}
_NO_IMAGE = (
    (b"version https://git-lfs", "a Git LFS pointer: the file was not fetched"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "XML"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\0" * 16, "zeros"),
)
_JPEG_END = b"\xff\xd9"
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*")


class Seen(NamedTuple):
    """What Pillow reads from a header: stored sides in pixels, EXIF orientation, codec, end of the header.

    turned: OpenCV turns the image by a quarter, which it does for EXIF in a JPEG only.
    """

    width: int
    height: int
    orientation: int
    codec: str
    start: int
    turned: bool = False


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings and log within the block. Findings say what is wrong with an image."""
    import logging  # slow to import

    log = logging.getLogger("PIL")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


@contextmanager
def strict() -> Iterator[int | None]:
    """Set Pillow within the block: no limit on size, and truncated files fail. Not thread-safe.

    The block gets the limit on pixels that was set before.
    """
    from PIL import Image, ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
    try:
        with quiet_pillow():
            yield before[0]
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def most_pixels(limit: int | None) -> Iterator[None]:
    """Set Pillow's limit on pixels within the block; None for no limit. Not thread-safe."""
    from PIL import Image

    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, limit
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def header(file: int, head: bytes) -> Seen | str:
    """Read the header of the open `file`, which begins with `head`. If that fails, return the reason as text.

    Raises OSError, with its errno, if the disk fails. Use within `strict`.
    """
    try:
        with open(file, "rb", closefd=False) as stream, _opened(stream) as image:
            width, height = image.size
            codec = str(image.format)
            start = stream.tell() if codec == "JPEG" else 0
            if codec == "TIFF":  # `size` is that of the turned image; the tags have the stored sides
                width, height = (image.tag_v2[side] for side in _TIFF_SIDES)  # type: ignore[attr-defined]
            turned = codec == "JPEG" and "exif" in image.info and is_turned(image)
            return Seen(int(width), int(height), _orientation(image), codec, start, turned)
    except Exception as error:
        _raise_if_of_the_disk(error)
        return _no_header(error, head)


def decoded(file: int) -> tuple[str, bool]:
    """Decode the open `file`. Return why that failed ("" if it did not), and whether it has only one colour.

    Raises OSError, with its errno, if the disk fails, and MemoryError. Use within `strict`.
    """
    try:
        with _nothing_printed(), open(file, "rb", closefd=False) as stream, _opened(stream) as image:
            if image.width * image.height > MOST_PIXELS:
                return f"too large to decode: {image.width} x {image.height} pixels", False
            image.load()
            with suppress(Exception):  # unusual modes do not support this
                return "", _has_one_colour(image)
            return "", False
    except MemoryError:
        raise
    except Exception as error:
        _raise_if_of_the_disk(error)
        if "runcated" in str(error):
            return "truncated: the pixel data ends early", False
        return f"cannot be decoded: {_words(error)}", False


def refused(file: int, *, decodes: bool) -> str:
    """Return what Pillow says if it refuses the open `file` as YOLO loaders ask it to; "" if it does not.

    They call `Image.verify`, which reads the header, and of a PNG file all. decodes: a JPEG whose last two
    bytes do not mark its end is decoded.

    Raises OSError, with its errno, if the disk fails, and MemoryError. Use within `strict`.
    """
    try:
        with _nothing_printed(), open(file, "rb", closefd=False) as stream:
            with _opened(stream) as image:
                codec, pixels = image.format, image.width * image.height
                image.verify()
            stream.seek(-2, os.SEEK_END)
            if codec == "JPEG" and decodes and pixels <= MOST_PIXELS and stream.read() != _JPEG_END:
                stream.seek(0)
                with _opened(stream) as image:
                    image.load()
            return ""
    except MemoryError:
        raise
    except Exception as error:
        _raise_if_of_the_disk(error)
        return _words(error)


def photo(path: Path, size: tuple[int, int]) -> Image | None:
    """Decode a file and resize it to `size`, for people to look at. Returns None if that fails."""
    with (
        suppress(Exception),  # errors of many kinds, such as Pillow's alarm at decompression bombs
        quiet_pillow(),
        _nothing_printed(),
        open(open_regular(path), "rb") as stream,  # noqa: PTH123  a handle, not a path
        _opened(stream) as image,
    ):
        image.draft("RGB", size)
        return image.convert("RGB").resize(size)
    return None


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """Hide stderr from libtiff, which writes there directly, one line for every unknown tag."""
    with ExitStack() as opened:
        with suppress(OSError):  # without stderr there is nothing to close
            stderr = os.dup(2)
            opened.callback(os.close, stderr)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            opened.callback(os.close, nowhere)
            os.dup2(nowhere, 2)
            opened.callback(os.dup2, stderr, 2)
        yield


def _opened(stream: object) -> Image:
    from PIL import Image, UnidentifiedImageError

    Image.preinit()
    try:
        return Image.open(stream, formats=_FIRST)  # type: ignore[arg-type]
    except UnidentifiedImageError:
        for module in _LATER:
            with suppress(ImportError):  # Pillow built without this format, or too old
                importlib.import_module(f"PIL.{module}ImagePlugin")
        later = tuple(name for name in _LATER.values() if name in Image.OPEN)
        return Image.open(stream, formats=later)  # type: ignore[arg-type]


def is_turned(image: Image) -> bool:
    """Tell whether the EXIF orientation of an open image turns it by a quarter."""
    with suppress(Exception):  # broken EXIF data raise errors of many kinds
        return image.getexif().get(_ORIENTATION) in _TURNED
    return False


def _orientation(image: Image) -> int:
    from PIL import Image

    try:
        # The base class's method: PNG's own decodes the whole image to find EXIF at its end.
        exif = Image.Image.getexif(image)
    except Exception:  # loaders ignore a broken EXIF block
        return 0
    try:
        value = exif.get(_ORIENTATION, 0)
        return value if isinstance(value, int) and 0 <= value <= 8 else -1
    except Exception:
        return -1


def _has_one_colour(image: Image) -> bool:
    if image.mode in {"P", "PA"}:
        image = image.convert("RGB")  # two entries of a palette may have the same colour
    places = [(x * (image.width - 1) // 3, y * (image.height - 1) // 3) for x in range(4) for y in range(4)]
    colours = [band for band, name in enumerate(image.getbands()) if name not in {"A", "a"}]
    points = [image.getpixel(place) for place in places]
    values = [point if isinstance(point, tuple) else (point,) for point in points]
    if any(value[band] != values[0][band] for value in values for band in colours):
        return False
    for band in colours:
        low, high = image.getchannel(band).getextrema() if len(values[0]) > 1 else image.getextrema()
        if low != high:
            return False
    return True


def _no_header(error: Exception, head: bytes) -> str:
    lower = head[:64].lower().lstrip()
    for beginning, what in _NO_IMAGE:
        if head.startswith(beginning) or lower.startswith(beginning):
            return f"not an image, but {what}"
    if head[4:8] == b"ftyp" and head[8:11] in {b"hei", b"hev", b"mif", b"msf"}:
        return "not an image that training loads, but HEIC"
    if "runcated" in str(error):
        return "truncated: the header ends early"
    if head.startswith(_MAGIC):
        return "the header is broken"
    return "not an image that training loads"


def _raise_if_of_the_disk(error: Exception) -> None:
    # EINVAL and EOVERFLOW come from an impossible offset in a broken header, not from the disk.
    if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL, errno.EOVERFLOW}:
        raise error


def _words(error: Exception) -> str:
    return printable(str(error) or type(error).__name__)[:200]
