"""Anchors in a file: `.toml` or `.json` to keep, `.txt` to paste into a framework's configuration.

The file has a width and a height in pixels for each anchor, and the input size that these pixels belong to.
The next scan reads the file, so anchors are rounded first (`round_anchors`), and every number shown is of the
rounded ones.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from anchoraudit.anchors.fit import AnchorFit
from anchoraudit.detectors.resize import Resize
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text
from anchoraudit.io.documents import parse_toml, read_text

Anchor = tuple[float, float]

DECIMALS = 2
ALLOWED = "An anchor is a width and a height in pixels, both positive and finite."
SHAPES = {
    ".toml": "anchors = [[10, 13], [16, 30]]",
    ".json": '{"anchors": [[10, 13], [16, 30]]}',
    ".txt": "one anchor a line, `10,13`",
}


@dataclass(frozen=True)
class AnchorsFile:
    """The content of an anchors file: the anchors in its order, and the input size, "" if it does not say."""

    anchors: tuple[Anchor, ...]
    input_size: str


def round_anchors(anchors: ArrayLike) -> list[Anchor]:
    """Round anchors (k, 2) to two decimals, as in files. A side that would become 0 becomes 0.01."""
    smallest = 10.0**-DECIMALS
    rounded = np.maximum(np.round(np.asarray(anchors, dtype=np.float64), DECIMALS), smallest)
    return [(float(width), float(height)) for width, height in rounded]


def format_anchors(
    anchors: ArrayLike,
    suffix: str,
    *,
    input_size: str = "",
    objective: str = "",
    metric: str = "",
    fit: AnchorFit | None = None,
) -> str:
    """Return the text of an anchors file.

    anchors: (k, 2), widths and heights in pixels at `input_size` (such as "640" or "960x720"), written with
    two decimals. suffix: `.toml`, `.json` or `.txt`; AnchorauditError for any other. The rest is written
    beside the anchors if given: `input_size`, the `objective` they were chosen for, the `metric` they were
    clustered by, and the mean IoU of `fit` (of the rounded anchors).
    """
    write = _by_suffix(suffix, {".toml": _toml, ".json": _json, ".txt": _txt})
    notes: dict[str, str | float] = {}
    if input_size:
        notes["input_size"] = input_size
    if objective:
        notes["objective"] = objective
    if metric:
        notes["metric"] = metric
    if fit is not None:
        notes["mean_iou"] = round(fit.mean_iou, 4)
    text: str = write(round_anchors(anchors), notes)
    return text


def read_anchors(path: str | Path) -> AnchorsFile:
    """Read an anchors file.

    `.toml` and `.json` hold `anchors`, a list of width-height pairs, and may hold `input_size`; JSON may be
    just the list. `.txt` holds one anchor a line, as `10,13`, `10 13` or `10x13`, or several as in darknet:
    `10,13,  16,30,  33,23`. In every format a row may hold several anchors. Of a detector file in TOML the
    shapes of all levels are read.

    Raises AnchorauditError, with the line or the index, for a file that cannot be read or a bad anchor.
    """
    file = Path(path)
    parse = _by_suffix(file.suffix, {".toml": _from_toml, ".json": _from_json, ".txt": _from_txt}, path)
    found: AnchorsFile = parse(read_text(file, "anchors file"), path)
    if not found.anchors:
        raise _error(
            path, "the file holds no anchors", remedy=f"Write for example {SHAPES[file.suffix.lower()]}."
        )
    return found


def _by_suffix(suffix: str, choices: dict[str, Callable[..., Any]], path: object = "") -> Callable[..., Any]:
    """Return the function for a file's suffix, whatever its case."""
    try:
        return choices[suffix.lower()]
    except KeyError:
        raise _error(
            path, f"unknown anchors format {suffix!r}", remedy=f"Choose {', '.join(choices)}."
        ) from None


def _toml(anchors: list[Anchor], notes: dict[str, str | float]) -> str:
    lines = ["# Anchors by anchoraudit: width, height in pixels at the network's input size"]
    # A JSON string is also a TOML string.
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in notes.items()]
    lines += ["anchors = [", *(f"  [{w:.2f}, {h:.2f}]," for w, h in anchors), "]"]
    return "\n".join(lines) + "\n"


def _json(anchors: list[Anchor], notes: dict[str, str | float]) -> str:
    return json.dumps({**notes, "anchors": anchors}, indent=2, ensure_ascii=False) + "\n"


def _txt(anchors: list[Anchor], notes: dict[str, str | float]) -> str:
    lines = ["# Anchors by anchoraudit: width,height in pixels at the network's input size"]
    lines += [f"# {key} = {value}" for key, value in notes.items()]
    lines += [f"{w:.2f},{h:.2f}" for w, h in anchors]
    return "\n".join(lines) + "\n"


def _from_toml(text: str, path: object) -> AnchorsFile:
    return _from_document(parse_toml(text, path), path)


def _from_json(text: str, path: object) -> AnchorsFile:
    return _from_document(json_text.parse(text, path), path)


def _from_document(document: object, path: object) -> AnchorsFile:
    """Read the anchors of a parsed file: a table with `anchors`, or just the list."""
    table = document if isinstance(document, dict) else {"anchors": document}
    if isinstance(table.get("anchors"), dict):
        table = _of_detector(table)
    rows, size = table.get("anchors", []), table.get("input_size", "")
    if not isinstance(rows, list):
        raise _error(path, f"{rows!r} is not a list of anchors", place="anchors")
    if isinstance(size, bool) or not isinstance(size, str | int):
        raise _error(path, f"{size!r} is not an input size", place="input_size", remedy='Write "640".')
    if rows and not any(isinstance(row, list) for row in rows):
        return AnchorsFile(tuple(_pairs(rows, "anchors", path)), str(size))
    anchors = [pair for index, row in enumerate(rows) for pair in _pairs(row, f"anchors[{index}]", path)]
    return AnchorsFile(tuple(anchors), str(size))


def _of_detector(table: dict[str, Any]) -> dict[str, Any]:
    """Turn a detector file into a table of anchors, with the shapes of all levels."""
    levels, competing = (_listed(table["anchors"].get(key)) for key in ("levels", "competing"))
    rows = [row for level in levels if isinstance(level, dict) for row in _rows_of(level, competing)]
    try:
        size = msgspec.convert(table.get("resize"), Resize).input_size_text
    except msgspec.ValidationError:  # only the anchors are wanted; the rest may be wrong
        size = ""
    return {"anchors": rows, "input_size": size}


def _rows_of(level: dict[str, Any], competing: list[object]) -> list[object]:
    """The shapes of a level, its own or those that its mask names."""
    named = [n for n in _listed(level.get("mask")) if isinstance(n, int) and 0 <= n < len(competing)]
    return [*_listed(level.get("shapes")), *(competing[n] for n in named)]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _from_txt(text: str, path: object) -> AnchorsFile:
    anchors: list[Anchor] = []
    size = ""
    for number, line in enumerate(text.splitlines(), start=1):
        content, _, comment = line.partition("#")
        noted = re.match(r"\s*input_size\s*[=:]\s*(\S+)", comment)
        size = noted.group(1) if noted else size
        # In a darknet .cfg file `anchors =` precedes the same list.
        words = [word for word in re.split(r"[\s,;xX]+", re.sub(r"^\s*anchors\s*=", "", content)) if word]
        anchors += _pairs(words, f"line {number}", path)
    return AnchorsFile(tuple(anchors), size)


def _pairs(row: object, place: str, path: object) -> Iterator[Anchor]:
    """Check and return the anchors of one row, `[w, h]` or `[w, h, w, h, ...]`."""
    if not isinstance(row, list):
        raise _error(path, f"{row!r} is not a width and a height", place=place)
    sides = [_side(value, place, path) for value in row]
    if len(sides) % 2:
        raise _error(path, f"{len(sides)} numbers are not pairs of width and height", place=place)
    return zip(sides[::2], sides[1::2], strict=True)


def _side(value: object, place: str, path: object) -> float:
    """Return one width or height, or raise AnchorauditError."""
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TypeError
        side = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _error(path, f"{value!r} is not a number", place=place) from None
    if not (math.isfinite(side) and side > 0):
        raise _error(path, f"{value} is not a valid side", place=place)
    return side


def _error(path: object, message: str, *, place: str = "", remedy: str = ALLOWED) -> AnchorauditError:
    return AnchorauditError(message, path=path, place=place, remedy=remedy)


def check_suffix(path: str | Path) -> None:
    """Raise AnchorauditError if the name `path` does not have the suffix of an anchors file."""
    _by_suffix(Path(path).suffix, dict.fromkeys(SHAPES, str), path)
