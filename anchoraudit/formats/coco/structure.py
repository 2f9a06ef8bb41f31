"""Values of a COCO file that are not read, and spelled otherwise than COCO's own tools expect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from anchoraudit.dataset.findings import Finding

# A search through all of a large file would cost as much as reading it. A tool that writes flat lists writes
# all of them so, and parts of 256 KiB hold hundreds of annotations.
_SEARCHED_WHOLE = 4 * 1024 * 1024
_PART, _PARTS = 256 * 1024, 16
_BEGINNING = 64 * 1024  # of a chunk, of which there are dozens
_FLAT = re.compile(rb'"segmentation"\s*:\s*\[\s*[-+.0-9]')
_FLAT_LIST = re.compile(rb"\[\s*[-+.0-9]")
_SHOWN = 60


class _Segmentation(msgspec.Struct, gc=False):
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


class _Annotations(msgspec.Struct, gc=False):
    annotations: list[_Segmentation] = []


def may_hold_flat(data: bytes | bytearray | memoryview) -> bool:
    """Tell whether a `segmentation` is a list of numbers, as far as some parts of a large file show."""
    return any(_FLAT.search(data, start, end) is not None for start, end in _parts(len(data)))


def may_begin_flat(data: bytes | bytearray | memoryview) -> bool:
    """Tell the same of a chunk of a large file, as far as its beginning shows."""
    return _FLAT.search(data, 0, _BEGINNING) is not None


def _parts(size: int) -> Iterator[tuple[int, int]]:
    if size <= _SEARCHED_WHOLE:
        yield 0, size
        return
    for number in range(_PARTS):
        start = number * (size - _PART) // (_PARTS - 1)
        yield start, start + _PART


def flat_segmentations(path: Path, data: bytes | bytearray) -> list[Finding]:
    """Return one finding if annotations of the file have a flat list of numbers as `segmentation`.

    data: the file's bytes, as valid JSON.
    """
    if not may_hold_flat(data):
        return []
    try:
        listed = msgspec.json.decode(data, type=_Annotations).annotations
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []  # an entry that is no object is reported by who reads the entries
    texts = [bytes(entry.segmentation) for entry in listed]
    flat = [i for i, text in enumerate(texts) if _FLAT_LIST.match(text)]
    if not flat:
        return []
    return [flat_finding(path, len(flat), len(texts), flat[0], texts[flat[0]])]


def flat_finding(path: Path, count: int, of: int, first: int, text: bytes) -> Finding:
    """Return the finding for flat segmentations. first: the position of the first one. text: its own."""
    shown = text.decode("utf-8", "replace")
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    message = f"{count:,} of {of:,} annotations have a flat list of numbers as `segmentation`"
    place = f"annotations[{first}].segmentation"
    return Finding("PAR009", message, str(path), place, shown, "flat segmentations")
