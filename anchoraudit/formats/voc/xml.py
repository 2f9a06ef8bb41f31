"""Reads Pascal VOC annotation files: size, file name and objects.

`scan` reads many files into one `Chunk` of flat columns, so that a box takes a few numbers and no Python
object.
No file raises an error: its problem becomes a finding, and the next file is read.
"""

from __future__ import annotations

import gc
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.formats._doctype import has_document_type
from anchoraudit.formats.voc.outlines import around, name_of, objects_of
from anchoraudit.formats.voc.plain import Plain, plain
from anchoraudit.formats.voc.text import RefusedError, object_lines, text_of, undecodable
from anchoraudit.io.files import IN_AN_IMAGES_FILE, os_reason, read_bytes
from anchoraudit.io.unchanged import Reading, of_bytes

READ, BROKEN, FOREIGN = 0, 1, 2
CORNERS = ("xmin", "ymin", "xmax", "ymax")
_NESTED = "the objects are within <objects>, where loaders of Pascal VOC find none of them"
SHOWN = 80  # characters of a value that a finding repeats
NAN = math.nan

Described = tuple[str, int, float, float]  # file name, traits, width, height
NOTHING: Described = ("", 0, NAN, NAN)


@dataclass(slots=True)
class Chunk:
    """Columns over F files and M objects, in the order of the files.

    status: F bytes: READ, BROKEN (a finding says why) or FOREIGN (not an annotation).
    file_names: F texts of <filename>, "" if missing.
    image_traits: F, bits of `ImageTrait`.
    sizes: 2F numbers, declared width and height in pixels as they stand, NaN if missing.
    counts: F, objects in each file.
    names: the distinct class names.
    category: M, index into `names`, -1 without a class.
    xyxy: 4M numbers, in pixels, NaN for a coordinate that is not a number.
    difficult: M bytes.
    traits: M, bits of `BoxTrait`.
    findings: in the order of the files.
    readings: F, if they are recorded, None for a file that cannot be read; else empty.
    """

    status: bytearray = field(default_factory=bytearray)
    file_names: list[str] = field(default_factory=list)
    image_traits: array[int] = field(default_factory=lambda: array("I"))
    sizes: array[float] = field(default_factory=lambda: array("d"))
    counts: array[int] = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)
    category: array[int] = field(default_factory=lambda: array("q"))
    xyxy: array[float] = field(default_factory=lambda: array("d"))
    difficult: bytearray = field(default_factory=bytearray)
    traits: array[int] = field(default_factory=lambda: array("I"))
    findings: list[Finding] = field(default_factory=list)
    readings: list[Reading | None] = field(default_factory=list)


def scan(paths: Sequence[str], *, recorded: bool = False) -> Chunk:
    """Read the files at `paths`. Each gets an entry in every file column, even if it cannot be read."""
    chunk = Chunk()
    codes: dict[str, int] = {}
    collecting = gc.isenabled()
    try:
        gc.disable()  # trees have no cycles, so that collecting garbage would find nothing
        for path in paths:
            raw = _scan_one(path, chunk, codes)
            if recorded:
                chunk.readings.append(None if raw is None else of_bytes(raw))
    finally:
        if collecting:
            gc.enable()
    chunk.names = list(codes)
    return chunk


def _scan_one(path: str, chunk: Chunk, codes: dict[str, int]) -> bytes | None:
    """Append one file to the columns. A plain file is matched, any other is parsed.

    Returns its bytes, None if it cannot be read.
    """
    before = len(chunk.category)
    status, described = BROKEN, NOTHING
    data: bytes | str = b""
    raw: bytes | None = None
    try:
        raw = data = read_bytes(path, IN_AN_IMAGES_FILE)
        simple = plain(raw)
        if simple is not None:
            status, described = READ, _take_plain(simple, chunk, codes)
        else:
            data = text_of(raw)
            root = _tree(data)
            status, described = _take_tree(path, data, root, chunk, codes)
    except RefusedError as refused:
        chunk.findings.append(refused.finding(path))
    except (OSError, ET.ParseError, ValueError, LookupError, MemoryError) as error:
        chunk.findings.append(_broken(path, data, error))
    chunk.status.append(status)
    chunk.file_names.append(described[0])
    chunk.image_traits.append(described[1])
    chunk.sizes.extend(described[2:])
    chunk.counts.append(len(chunk.category) - before)
    return raw


def _take_plain(simple: Plain, chunk: Chunk, codes: dict[str, int]) -> Described:
    file_name, image_traits, width, height, objects = simple
    for name, traits, difficult, *corners in objects:
        chunk.category.append(codes.setdefault(name, len(codes)))
        chunk.traits.append(traits)
        chunk.difficult.append(difficult)
        chunk.xyxy.extend(corners)
    return file_name, image_traits, width, height


def _take_tree(
    path: str, data: bytes | str, root: ET.Element, chunk: Chunk, codes: dict[str, int]
) -> tuple[int, Described]:
    if root.tag != "annotation":
        _drop_namespace(root)
    if root.tag != "annotation":
        words = f"the root tag is <{root.tag[:SHOWN]}>, not <annotation>"
        chunk.findings.append(Finding("PAR007", words, path, evidence=root.tag[:SHOWN]))
        return FOREIGN, NOTHING
    objects, nested = objects_of(root)
    wrong = [
        (number, *what)
        for number, element in enumerate(objects, 1)
        for what in _object(element, chunk, codes)
    ]
    if nested:
        wrong.insert(0, (1, "PAR003", _NESTED, f"{len(objects):,} objects"))
    if wrong:
        lines = object_lines(data)
        chunk.findings += [
            Finding(code, words, path, f"object {number}, line {lines[number - 1]}", value[:SHOWN])
            for number, code, words, value in wrong
        ]
    return READ, ((root.findtext("filename") or "").strip(), *_size(root))


def _tree(data: bytes | str) -> ET.Element:
    """Parse XML. Raises RefusedError if it is empty or declares a document type."""
    if not data.strip():
        raise RefusedError("PAR001", "the file is empty" if not data else "the file holds only white space")
    if has_document_type(data):
        raise RefusedError("PAR005", "the file declares a document type (<!DOCTYPE>), so it was not read")
    parser = ET.XMLParser()
    parser.feed(data)
    return parser.close()


def _broken(path: str, data: bytes | str, error: Exception) -> Finding:
    """Return the finding that says why a file cannot be read."""
    if isinstance(error, ET.ParseError):
        if isinstance(data, bytes) and (refused := undecodable(data)):
            return refused.finding(path)
        line, column = error.position
        words = str(error).partition(":")[0]
        return Finding("PAR001", f"not well-formed XML: {words}", path, f"line {line}, column {column + 1}")
    if isinstance(error, OSError):
        return Finding("PAR001", os_reason(path, error), path)
    return Finding("PAR001", f"not readable as XML: {error}", path)


def _drop_namespace(root: ET.Element) -> None:
    """Remove the namespace of `{http://...}annotation` and of all tags below it."""
    if root.tag.endswith("}annotation"):
        for element in root.iter():
            if isinstance(element.tag, str):
                element.tag = element.tag.rpartition("}")[2]


def _size(root: ET.Element) -> tuple[int, float, float]:
    """Return traits, and width and height as they stand, in pixels, NaN for what is no number."""
    size = root.find("size")
    if size is None:
        return 0, NAN, NAN
    texts = [size.findtext(side) or "" for side in ("width", "height")]
    traits = 0 if all(map(_is_integer, texts)) else ImageTrait.ODD_SIZE
    width, height = map(_number, texts)
    return int(traits), width, height


def _is_integer(text: str) -> bool:
    """Tell whether int() takes a text, as most loaders do with every number."""
    try:
        int(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> float:
    """Return what float() makes of a text, NaN if it does not take it."""
    try:
        return float(text)
    except ValueError:
        return NAN


def _object(element: ET.Element, chunk: Chunk, codes: dict[str, int]) -> list[tuple[str, str, str]]:
    """Append one object to the columns. Return its problems as (code, message, evidence)."""
    wrong: list[tuple[str, str, str]] = []
    written = name_of(element)
    name = (written or "").strip()
    if name:
        chunk.category.append(codes.setdefault(name, len(codes)))
    else:
        chunk.category.append(-1)
        wrong.append(("PAR003", "the object has no <name>", ""))
    traits = _name_traits(written, name)
    traits |= _flag_traits(element)
    difficult = element.findtext("difficult")
    chunk.difficult.append(difficult != "0" and difficult is not None and _is_true(difficult))
    box = element.find("bndbox")
    if box is None and (shape := around(element)) is not None:
        chunk.traits.append(traits | BoxTrait.NO_BNDBOX | _NO_NUMBER | BoxTrait.OUTLINE)
        chunk.xyxy.extend(shape[1])
        told = f"the object has no <bndbox>; the box around its <{shape[0]}> is taken"
        wrong.append(("PAR003", told, ""))
        return wrong
    if box is None:
        chunk.traits.append(traits | BoxTrait.NO_BNDBOX | _NO_NUMBER)
        chunk.xyxy.extend((NAN, NAN, NAN, NAN))
        wrong.append(("PAR003", "the object has no <bndbox>", ""))
        return wrong
    text = box.findtext
    try:
        corners = [float(text("xmin")), float(text("ymin")), float(text("xmax")), float(text("ymax"))]  # type: ignore[arg-type]
        if not all(map(math.isfinite, corners)):
            wrong.append(("BOX001", "a coordinate is not finite", ", ".join(map(str, corners))))
        if not all(_is_integer(text(tag) or "") for tag in CORNERS):
            traits |= BoxTrait.NOT_AN_INTEGER
    except (TypeError, ValueError):
        corners = _corners(box, wrong)
        traits |= _NO_NUMBER
    chunk.traits.append(int(traits))
    chunk.xyxy.extend(corners)
    return wrong


_NO_NUMBER = int(BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER)


def _name_traits(written: str | None, name: str) -> int:
    """Return what the traits say of a name, as written and without the space around it."""
    if written is None:
        return 0
    empty = 0 if name else int(BoxTrait.EMPTY_NAME)
    return empty if name == written else empty | int(BoxTrait.PADDED_NAME)


def _flag_traits(element: ET.Element) -> int:
    """Return what the traits say of <difficult> and <truncated>: whether they are there, and integers."""
    traits = 0
    difficult, truncated = element.findtext("difficult"), element.findtext("truncated")
    if difficult is None:
        traits |= BoxTrait.NO_DIFFICULT
    elif difficult not in ("0", "1"):
        if not _is_integer(difficult):
            traits |= BoxTrait.ODD_DIFFICULT
        elif int(difficult) not in (0, 1):
            traits |= BoxTrait.OTHER_DIFFICULT
    if truncated is None:
        traits |= BoxTrait.NO_TRUNCATED
    elif truncated not in ("0", "1") and not _is_integer(truncated):
        traits |= BoxTrait.ODD_TRUNCATED
    return int(traits)


def _corners(box: ET.Element, wrong: list[tuple[str, str, str]]) -> list[float]:
    """Return the coordinates of a box without four numbers, NaN for each that is missing. Adds to `wrong`."""
    values = [box.findtext(tag) for tag in CORNERS]
    if missing := [f"<{tag}>" for tag, value in zip(CORNERS, values, strict=True) if value is None]:
        wrong.append(("PAR003", f"the box has no {', '.join(missing)}", ""))
    numbers = []
    for tag, value in zip(CORNERS, values, strict=True):
        try:
            numbers.append(NAN if value is None else float(value))
        except ValueError:
            numbers.append(NAN)
            met = f"{value!r:.{SHOWN}}" if value and value.strip() else "empty"
            wrong.append(("PAR004", f"<{tag}> is {met}, not a number", value or ""))
    return numbers


def _is_true(text: str) -> bool:
    """Tell whether a flag such as <difficult> is set: `1`, `true`, `yes`, or a number that is not zero."""
    word = text.strip().lower()
    try:
        return float(word) != 0
    except ValueError:
        return word in {"true", "yes", "t", "y"}
