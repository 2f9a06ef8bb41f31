"""Reads JSON Lines: an object in each line, which is a box, or an image with a list of its objects.

The names of the keys are those of the columns of other tables, and the lists are as in Parquet. Source:
`datasets` 5.2, "ImageFolder": a `metadata.jsonl` has a `file_name` in each line, and `objects` with `bbox`
and `categories`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import shorten
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.cells import fours_of, interpreted, with_fours
from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.dialects import Dialect, by_header, judged_by_values
from anchoraudit.formats.table.late_keys import keys_in, late_columns, widened
from anchoraudit.formats.table.layout import Kind, Layout, layout_of
from anchoraudit.formats.table.lines import Block, Lines, blocks, head_of
from anchoraudit.formats.table.names import LIST, known_columns
from anchoraudit.formats.table.objects import Objects, rows_of
from anchoraudit.formats.table.rows import NUMBERS, Rows, concatenated, no_boxes_in, not_understood, text_of
from anchoraudit.io import json_text
from anchoraudit.io.unchanged import note_large

_TELLING = 200  # lines by whose keys the columns are recognised
_FARTHER = 1 << 20  # bytes in which the columns show where the first images have no objects

_decode = msgspec.json.Decoder().decode


class _Columns(NamedTuple):
    """How lines are read: as boxes (`dialect`, with its `keys`), or as images (`layout`)."""

    dialect: Dialect | None
    keys: tuple[str, ...]
    layout: Layout | None

    def has(self, name: str) -> bool:
        """Tell whether the first lines have this column."""
        of_boxes = self.dialect is not None and name in self.dialect.at
        return of_boxes or (self.layout is not None and bool(getattr(self.layout, name)))


def read_json_lines(path: Path, lines: Lines | None = None, asked: Columns = ()) -> Rows:
    """Read such a file. A line that is not JSON becomes a finding.

    lines: which of its lines; None for all. asked: the keys that the user names.

    Raises AnchorauditError if it cannot be read, or if its keys are not understood.
    """
    note_large(path)
    columns = _columns_of(path, asked)
    tables = [_rows_of(path, columns, block) for block in blocks(path, lines)]
    tables = tables or [_rows_of(path, columns, Block(b"", 0, 0))]
    rows = concatenated(tables, [0] * len(tables), []) if len(tables) > 1 else tables[0]
    for name in ("label", "split"):
        if not columns.has(name) and name in rows.texts and not any(rows.texts[name].names):
            del rows.texts[name]  # a key without any value is none
    return rows


def _columns_of(path: Path, asked: Columns) -> _Columns:
    """Recognise what the lines are by the first ones, and by more of them if these do not tell."""
    first = json_text.without_mark(path, head_of(path))
    try:
        return _columns_in(path, first, _TELLING, asked)
    except AnchorauditError:
        more = json_text.without_mark(path, next(blocks(path, size=_FARTHER), Block(first, 0, 0)).data)
        if len(more) <= len(first) and first.count(b"\n") <= _TELLING:
            raise
        return _columns_in(path, more, None, asked)


def _columns_in(path: Path, data: bytes, most: int | None, asked: Columns) -> _Columns:
    """Recognise what lines are. most: how many of them to look at; None for all."""
    told: list[Finding] = []
    objects = [each for _, each in _objects_in(path, Block(data, 0, 0), told, most)]
    if not objects:
        why = told[0].message if told else "the file is empty"
        raise not_understood(path, f"no line is a JSON object: {why}")
    keys = tuple(dict.fromkeys(key for each in objects for key in each))
    held = {key: [value for each in objects if (value := each.get(key)) is not None] for key in keys}
    structs = {key: own for key, own in held.items() if own and all(isinstance(one, dict) for one in own)}
    keys += tuple(dict.fromkeys(name for key, own in structs.items() for name in _numbers_in(key, own)))
    try:
        if (layout := layout_of_objects(objects, asked)) is not None:
            return _Columns(None, keys, layout)
        dialect = by_header(keys, asked)
    except AnchorauditError as error:
        raise error.within(path) from None
    if dialect is None:
        raise not_understood(path, "keys not understood", keys)
    if LIST in dialect.at and (name := keys[dialect.at[LIST]]) in structs:
        raise no_boxes_in(path, name, f"an object with {', '.join(structs[name][0])}")
    if "label" not in dialect.at:
        values = [[_shown(each.get(key)) for key in keys] for each in objects]
        dialect = judged_by_values(dialect, keys, values)
    return _Columns(dialect, keys, None)


def _numbers_in(key: str, objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what numbers in objects under a key are called: `bbox.xmin`."""
    return [
        f"{key}.{name}"
        for each in objects
        for name, value in each.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _shown(value: object) -> str:
    return "" if value is None else text_of(value)


def layout_of_objects(objects: Sequence[Mapping[str, Any]], asked: Columns) -> Layout | None:
    """Find the boxes of images by the first ones. None if they have no lists of boxes.

    Raises AnchorauditError as `layout_of` does.
    """
    return layout_of(_kind_of(objects).fields, asked)


def _kind_of(values: Sequence[Any]) -> Kind:
    """Return what values hold, as far as they show it."""
    dicts = [value for value in values if isinstance(value, dict)]
    if dicts:
        names = dict.fromkeys(name for value in dicts for name in value)
        return Kind(
            fields={name: _kind_of([value[name] for value in dicts if name in value]) for name in names}
        )
    lists = [value for value in values if isinstance(value, list)]
    if not lists:
        return Kind()
    inner = [element for value in lists for element in value[:_TELLING]]
    return Kind(inner=_kind_of(inner)) if inner else Kind(is_open=True)


def _objects_in(
    path: Path, block: Block, findings: list[Finding], most: int | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of lines, each with its line, from 0. What is none becomes a finding."""
    for line, text in enumerate(block.data.split(b"\n")[:most], block.first):
        if not text or text.isspace():
            continue
        try:
            value = _decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError):
            try:
                value = json_text.parse(text.decode("utf-8-sig"), path, line=line + 1)
            except (AnchorauditError, UnicodeDecodeError) as error:
                words = error.message if isinstance(error, AnchorauditError) else f"not UTF-8: {error.reason}"
                findings.append(_finding(path, line, words, text))
                continue
        if isinstance(value, dict):
            yield line, value
        else:
            findings.append(_finding(path, line, "not a JSON object", text))


def _finding(path: Path, line: int, words: str, text: bytes) -> Finding:
    shown = shorten(text[:200].decode("utf-8", "replace"))
    return Finding("PAR003", words, str(path), f"line {line + 1}", shown)


def _rows_of(path: Path, columns: _Columns, block: Block) -> Rows:
    findings: list[Finding] = []
    at: list[int] = []
    objects: list[dict[str, Any]] = []
    for line, each in _objects_in(path, block, findings):
        at.append(line)
        objects.append(each)
    lines, keys = np.array(at, dtype=np.int64), keys_in(objects)
    findings += _boxes_elsewhere(path, columns, objects, keys, at)
    if columns.layout is None:
        assert columns.dialect is not None  # one of both
        called = {name: columns.keys[i] for name, i in columns.dialect.at.items()}
        called |= late_columns(objects, keys, called)
        box = called.pop(LIST, "")
        texts = {name: _texts(objects, key) for name, key in called.items() if name not in NUMBERS}
        numbers = {name: _numbers(objects, key) for name, key in called.items() if name in NUMBERS}
        flat = Rows(path, columns.dialect, "line", texts, numbers, lines, findings=findings)
        if box:
            cells = [each.get(box) for each in objects]
            flat = with_fours(flat, *fours_of(cells), cells)
        return interpreted(flat)
    return rows_of_images(path, columns.layout, objects, at, findings)


def rows_of_images(
    path: Path,
    layout: Layout,
    objects: Sequence[Mapping[str, Any]],
    at: Sequence[int],
    findings: list[Finding],
) -> Rows:
    """Return images with lists of objects as rows. at: the line of each, from 0. findings: of their lines."""
    layout = widened(layout, objects)
    images = {"image": _texts(objects, layout.image) if layout.image else Texts.of(map(str, at))}
    if layout.split:
        images["split"] = _texts(objects, layout.split)
    named = {"width": layout.width, "height": layout.height} if layout.width and layout.height else {}
    sizes = {name: _numbers(objects, key).values for name, key in named.items()}
    lists, lines = _in_lists(objects, layout), np.array(at, dtype=np.int64)
    rows = rows_of(lists, images, sizes, layout, path=path, item="line", at=lines)
    rows.findings[:0] = findings
    return rows


def _boxes_elsewhere(
    path: Path,
    columns: _Columns,
    objects: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    at: Sequence[int],
) -> list[Finding]:
    """Return a finding for each line whose boxes are under other keys than those of the first lines.

    keys: of all objects. at: the line of each, from 0.
    """
    known, layout = {*columns.keys}, columns.layout
    has_others = not known.issuperset(keys)
    if layout is not None:
        own = [layout.holder or layout.first]
    else:
        assert columns.dialect is not None  # one of both
        places = columns.dialect.at
        own = [columns.keys[places[name]] for name in ([LIST] if LIST in places else columns.dialect.box)]
    findings: list[Finding] = []

    def report(line: int, there: str, place: str = "") -> None:
        if there:
            words = f"boxes are in {there} here, in {', '.join(own)} in the first lines, and are not read"
            findings.append(Finding("PAR003", words, str(path), f"line {line + 1}{place}"))

    for line, each in zip(at, objects, strict=True) if has_others else ():
        if not each.keys() <= known and not any(_holds_something(_value(each, key)) for key in own):
            report(line, _keys_of_boxes({key: value for key, value in each.items() if key not in known}))
    if layout is not None and layout.holder and layout.corners:
        holder, own = layout.holder, [*layout.corners.values()]
        for line, each in zip(at, objects, strict=True):
            held = each.get(holder)
            for place, one in enumerate(held if isinstance(held, list) else []):
                if isinstance(one, dict) and not any(one.get(key) is not None for key in own):
                    report(line, _keys_of_boxes(one), f".{holder}[{place}]")
    return findings


def _holds_something(value: object) -> bool:
    return any(value.values()) if isinstance(value, dict) else value is not None and value != []


def _keys_of_boxes(each: Mapping[str, Any]) -> str:
    """Return the keys under which an object has boxes, "" without any."""
    if (layout := layout_of_objects([each], ())) is not None:
        return layout.holder or layout.first
    keys = [*each]
    known = known_columns(keys)
    return ", ".join(keys[known.at[name]] for name in known.box)


def _value(each: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key, or of a key in a key: `image.path`."""
    if key in each or "." not in key:
        return each.get(key)
    outer, _, inner = key.rpartition(".")
    within = each.get(outer)
    return within.get(inner) if isinstance(within, dict) else None


def _texts(objects: Sequence[Mapping[str, Any]], key: str) -> Texts:
    values = (_value(each, key) for each in objects)
    return Texts.of("" if value is None else text_of(value) for value in values)


def _numbers(objects: Sequence[Mapping[str, Any]], key: str) -> Numbers:
    return Numbers.of(["" if (value := _value(each, key)) is None else value for each in objects])


def _in_lists(images: Sequence[Mapping[str, Any]], layout: Layout) -> Objects:
    """Return the objects in the lists of images."""
    fields = [n for n in (layout.box, *layout.corners.values(), layout.label, layout.crowd) if n]
    first = layout.first
    found: dict[str, list[Any]] = {name: [] for name in fields}
    lengths: list[int] = []
    short: list[int] = []
    for number, image in enumerate(images):
        held = image.get(layout.holder) if layout.holder else image
        lists = _lists(held, fields)
        own = lists[first]
        lengths.append(len(own))
        # Without any classes, the boxes are told to have none.
        has_labels = isinstance(held, dict) and held.get(layout.label) is not None
        for name, values in lists.items():
            if has_labels and len(values) != len(own) and name == layout.label:
                short.append(number)
            found[name] += [*values[: len(own)], *[None] * (len(own) - len(values))]
    count = np.array(lengths, dtype=np.int64)
    parents = np.repeat(np.arange(len(images)), count)
    of = len(parents)
    broken = np.zeros(of, dtype=np.bool_)
    if layout.box:
        fours, broken = _fours(found[layout.box])
        empty = np.zeros_like(fours, dtype=np.bool_)
    else:
        columns = [_numbers_of(found[name]) for name in layout.corners.values()]
        fours = np.column_stack([column.values for column in columns])
        empty = np.column_stack([column.empty | np.isnan(column.values) for column in columns])
    labels = Texts.same("", of)
    if layout.label:
        labels = Texts.of("" if value is None else text_of(value) for value in found[layout.label])
    crowd = np.zeros(of, dtype=np.bool_)
    if layout.crowd:
        crowd = _numbers_of([float(v) if isinstance(v, bool) else v for v in found[layout.crowd]]).values > 0
    place = np.arange(of) - np.repeat(np.cumsum(count) - count, count)

    def shown(row: int) -> str:
        return shorten(found[first][row])

    return Objects(parents, place, fours, empty, labels, crowd, broken, shown, short=short)


def _lists(held: Any, fields: Sequence[str]) -> dict[str, list[Any]]:
    """Return the lists of an image's objects, whether it has a list of objects or an object of lists."""
    if isinstance(held, list):
        objects = [each if isinstance(each, dict) else {} for each in held]
        return {name: [each.get(name) for each in objects] for name in fields}
    lists = held if isinstance(held, dict) else {}
    return {name: values if isinstance(values := lists.get(name), list) else [] for name in fields}


def _numbers_of(values: Sequence[Any]) -> Numbers:
    return Numbers.of(["" if value is None else value for value in values])


def _fours(boxes: Sequence[Any]) -> tuple[Float, Bool]:
    """Return lists of four numbers as float64 [M, 4], and which are none, bool [M]: they are NaN."""
    broken = np.zeros(len(boxes), dtype=np.bool_)
    if not boxes:
        return np.empty((0, 4)), broken
    try:
        found = np.array(boxes, dtype=np.float64)
        if found.shape == (len(boxes), 4) and np.isfinite(found).all():
            return found, broken
    except (TypeError, ValueError, OverflowError):
        pass
    found = np.full((len(boxes), 4), np.nan)
    for row, box in enumerate(boxes):
        try:
            if len(box) != 4 or isinstance(box, str | dict):
                raise ValueError
            found[row] = list(map(float, box))
        except (TypeError, ValueError, OverflowError):
            found[row], broken[row] = np.nan, True
    return found, broken
