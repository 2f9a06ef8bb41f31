"""Reads the samples of a WebDataset shard from its beginning to its end, without writing anything.

Of an image only the header is read, and members that are neither images nor JSON are passed over.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

from anchoraudit.images.found import is_image_name
from anchoraudit.images.sizes import size_in
from anchoraudit.io.files import IN_AN_IMAGES_FILE, open_regular

# Bytes of an image that may have to be read for its size: most headers end in the first, all usual ones in
# the second.
_HEADS = (1 << 14, 1 << 22)
# An archive that unpacks to more than so many times its bytes has no photographs in it, and would keep a
# scan busy for hours.
_MOST_EXPANDED, _ALWAYS = 100, 1 << 30


class CutOffError(Exception):
    """The archive ends too early, or is none. It says why."""


@dataclass(slots=True)
class Sample:
    """What the members of one key hold.

    key: their path up to the first dot of the last part. image: the path of the member with the image.
    size: its width and height in pixels, NaN if its header cannot be read; None without an image. member: the
    one with the JSON. value: what is in it, None without one. broken: why it cannot be read, "" if it can.
    """

    key: str
    image: str = ""
    size: tuple[float, float] | None = None
    member: str = ""
    value: Any = None
    broken: str = ""


def samples_in(path: Path) -> Iterator[Sample]:
    """Yield the samples of a shard, in its order.

    Raises CutOffError if it is no tar file, or ends too early, and OSError if it cannot be opened.
    """
    with open(open_regular(path), "rb") as file:  # noqa: PTH123  a handle, not a path
        size = path.stat().st_size
        try:
            yield from _grouped(file, size)
        except (tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError) as error:
            raise CutOffError(str(error) or "it ends too early") from None
        except OSError as error:
            if error.errno is None:  # gzip raises it for what is no gzip
                raise CutOffError(str(error)) from None
            raise


def _grouped(file: IO[bytes], size: int) -> Iterator[Sample]:
    head = file.read(2)
    file.seek(0)
    sample: Sample | None = None
    # A stream goes only forward, as gzip does. A plain file is not read where nothing is needed of it.
    is_stream = head == b"\x1f\x8b"
    with tarfile.open(fileobj=file, mode="r|gz" if is_stream else "r:") as archive:
        try:
            for member in archive:
                if member.offset_data + member.size > _ALWAYS + size * _MOST_EXPANDED:
                    raise EOFError("it unpacks to far more than images do")
                archive.members = []  # type: ignore[attr-defined]  # it would grow with the archive
                if not member.isreg() or not (key := _key(member.name)):
                    continue
                if sample is None or sample.key != key:
                    if sample is not None:
                        yield sample
                    sample = Sample(key)
                _add(sample, archive, member)
            if not is_stream and _ends_early(file, archive.offset):
                raise EOFError("its end is missing")
        except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError):
            if sample is not None and sample.size is not None and sample.member:
                yield sample  # which is whole
            raise
    if sample is not None:
        yield sample


def _ends_early(file: IO[bytes], offset: int) -> bool:
    """Tell whether the empty block is missing with which an archive ends. offset: where it should be."""
    file.seek(offset)
    return len(file.read(512)) < 512


def _add(sample: Sample, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Add what a member holds to its sample."""
    if is_image_name(member.name) and sample.size is None:
        sample.image, sample.size = member.name, _size(cast(IO[bytes], archive.extractfile(member)))
    elif member.name.lower().endswith(".json") and (sample.value is None and not sample.broken):
        sample.member = member.name
        if member.size > IN_AN_IMAGES_FILE:
            sample.broken = f"its {member.size:,} bytes are too many"
            return
        data = cast(IO[bytes], archive.extractfile(member)).read()
        if len(data) < member.size:
            raise EOFError("it ends too early")
        try:
            sample.value = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            sample.broken = "not valid JSON in UTF-8"


def _size(member: IO[bytes]) -> tuple[float, float]:
    data = b""
    size = (float("nan"), float("nan"))
    for most in _HEADS:
        more = member.read(most - len(data))
        data += more
        size = size_in(BytesIO(data))
        if size[0] == size[0] or not more:
            break
    return size


def _key(name: str) -> str:
    """Return the key of a member; "" if it is hidden, as what macOS adds (`._a.jpg`)."""
    folder, _, base = name.rpartition("/")
    stem = base.partition(".")[0]
    return (f"{folder}/{stem}" if folder else stem) if stem else ""
