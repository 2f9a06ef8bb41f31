"""Mutations of how a document is put together: keys, entries and their types, and what is around it.

JSON, YAML and TOML are changed as trees (tests/trees.py); XML, tables, Python and other texts by what they
are made of. `enclose` changes what is around a document: its encoding, marks, a second document.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import copy
import csv
import gzip
import io
import random
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.trees import (
    CONSTANTS,
    NUMBERS,
    TEXTS,
    change_json,
    change_lines_of_json,
    change_toml,
    change_yaml,
    other_key,
)

Dice = random.Random
_LONGEST = 400_000  # bytes of a mutant: two mutations that double a document many times would fill memory


def mutate(name: str, data: bytes, dice: Dice) -> bytes:
    """Change the structure of a file called `name`; as text where it has no other that can be read."""
    kind = _KINDS.get(Path(name).suffix, _change_text)
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = kind(data, dice)
        return made if len(made) <= _LONGEST else data
    return _change_text(data, dice)


# ---- XML -------------------------------------------------------------------------------------------------


def _change_xml(data: bytes, dice: Dice) -> bytes:
    root = ET.fromstring(data)
    for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
        pairs = [(parent, child) for parent in root.iter() for child in parent]
        if not pairs:
            break
        parent, child = dice.choice(pairs)
        tag = child.tag
        alike = [(p, c) for p, c in pairs if c.tag == tag]
        _change_elements(alike if dice.random() < 0.4 else [(parent, child)], pairs, dice)
    text = ET.tostring(root, encoding="unicode")
    kind = dice.randrange(6)
    if kind == 0:
        spans = [match.start() for match in re.finditer(r"<(?=\w)|(?<=>)", text)]
        pieces = ["<!-- <object> -->", "<![CDATA[<x>]]>", "<?php x?>", "&lt;", "&#48;", "&x;", " \n"]
        at = dice.choice(spans)
        text = text[:at] + dice.choice(pieces) + text[at:]
    elif kind == 1:
        text = re.sub(r"(?<=>)(-?[\d.]+)(?=<)", r"<![CDATA[\1]]>", text, count=dice.choice([0, 1, 2]))
    elif kind == 2:
        text = f'<?xml version="1.0" encoding="{dice.choice(_ENCODINGS)}"?>{text}'
    return text.encode("utf-8", "surrogatepass")


_ENCODINGS = ["utf-8", "UTF-16", "latin-1", "gbk", "shift_jis", "ascii", "utf-7", "rot13", "x", "utf-32"]


def _change_elements(chosen: list[tuple[Any, Any]], pairs: list[tuple[Any, Any]], dice: Dice) -> None:
    kind, text, number = dice.randrange(11), dice.choice(TEXTS), dice.choice(NUMBERS)
    tag = dice.choice([dice.choice(pairs)[1].tag, "Object", "bndbox", "size", "x:object", "part", "item"])
    texts = [child.text for _, child in chosen]
    for (parent, child), moved in zip(chosen, dice.sample(texts, len(texts)), strict=True):
        if kind == 0 and child in parent:
            parent.remove(child)
        elif kind == 1:
            child.text = dice.choice([text, number])
        elif kind == 2:
            child.text = number
        elif kind == 3:
            child.tag = tag
        elif kind == 4:
            child.text = moved
        elif kind == 5:
            parent.insert(dice.randrange(len(parent) + 1), copy.deepcopy(child))
        elif kind == 6:
            twin = copy.deepcopy(child)
            twin.text = number
            parent.append(twin)
        elif kind == 7:
            parent[:] = dice.sample(list(parent), len(parent))
        elif kind == 8:
            name = dice.choice([*child.attrib, "x", "name", "label", "xmlns", "xml:space", "width"])
            child.set(name, dice.choice([text, number]))
        elif kind == 9:
            child.text, child[:] = f" {child.text} ", list(child)
        else:
            inner = ET.SubElement(child, tag)
            inner.text = child.text


# ---- tables ----------------------------------------------------------------------------------------------


def _change_rows(delimiter: str | None) -> Callable[[bytes, Dice], bytes]:
    """Change the cells and columns of lines; delimiter: None for white space."""

    def change(data: bytes, dice: Dice) -> bytes:
        text = data.decode()
        if delimiter is None:
            rows = [line.split(" ") for line in text.split("\n")]
        else:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
            _change_cells(rows, dice)
        if delimiter is None:
            return "\n".join(map(" ".join, rows)).encode("utf-8", "surrogatepass")
        stream = io.StringIO(newline="")
        quoting = dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
        mark, end = dice.choice([delimiter] * 4 + [";", "\t", "|"]), dice.choice(["\n", "\r\n", "\r"])
        csv.writer(stream, delimiter=mark, quoting=quoting, lineterminator=end).writerows(rows)
        return stream.getvalue().encode("utf-8", "surrogatepass")

    return change


def _change_cells(rows: list[list[str]], dice: Dice) -> None:
    row, other = dice.choice(rows), dice.choice(rows)
    column = dice.randrange(max(map(len, rows)))
    cell, kind = dice.choice([*NUMBERS, *TEXTS, *CONSTANTS, '"', "a\nb", "'1", "=1"]), dice.randrange(10)
    if kind == 0:
        row[column : column + 1] = [cell]
    elif kind == 1:
        for each in rows:  # a column
            each[column : column + 1] = []
    elif kind == 2:
        for each in rows[1:]:
            each[column : column + 1] = [cell]
    elif kind == 3:
        at = dice.randrange(len(rows[0]) + 1)
        for each in rows:
            each[at:at] = each[column : column + 1]
    elif kind == 4:
        row[:], other[:] = other[:], row[:]
    elif kind == 5:
        rows[0][:] = dice.sample(rows[0], len(rows[0]))
    elif kind == 6:
        rows.insert(dice.randrange(len(rows) + 1), [*row])
    elif kind == 7:
        row += [cell] * dice.choice([1, 1, 3, 300])
    elif kind == 8 and rows[0]:
        at = dice.randrange(len(rows[0]))
        rows[0][at] = other_key(rows[0][at], rows[0], dice)
    else:
        del rows[dice.randrange(len(rows))]
        rows += [] if rows else [[cell]]


def _change_parquet(data: bytes, dice: Dice) -> bytes:
    """Give a column of a Parquet file another type, name or values."""
    import pandas as pd

    table = pd.read_parquet(io.BytesIO(data))
    name = dice.choice(list(table.columns))
    kind = dice.randrange(9)
    if kind == 0:
        types = ["string", "Float32", "Int64", "category", "bool", "datetime64[ns]", "object", "float16"]
        table[name] = table[name].astype(dice.choice(types), errors="ignore")
    elif kind == 1:
        items = [dice.choice([None, True, b"x", "x", "1", float("nan")]) for _ in range(len(table))]
        table[name] = pd.Series([str(i) if isinstance(i, bool) else i for i in items], dtype="object")
    elif kind == 2:
        table[name] = [[1.0, 2.0]] * len(table) if dice.random() < 0.5 else [{"a": 1}] * len(table)
    elif kind == 3:
        table = table.drop(columns=name)
    elif kind == 4:
        table = table.rename(columns={name: other_key(str(name), list(map(str, table.columns)), dice)})
    elif kind == 5:
        table[name] = dice.choice([None, float("inf"), -0.0, 1e308, 2**63 - 1, "", True, float("nan")])
    elif kind == 6:
        table = table.set_index(name)
    elif kind == 7:
        table = table.iloc[: dice.choice([0, 1])]
    else:
        table[name] = table[dice.choice(list(table.columns))]
    stream = io.BytesIO()
    table.to_parquet(stream, compression=dice.choice(["snappy", "gzip", "none"]))
    return stream.getvalue()


# ---- Python and other texts ------------------------------------------------------------------------------


def _change_python(data: bytes, dice: Dice) -> bytes:
    """Change nodes of a Python file: values, arguments and statements."""
    tree = ast.parse(data)
    for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
        nodes = list(ast.walk(tree))
        lists = [v for node in nodes for v in vars(node).values() if isinstance(v, list) and v]
        values = [n for n in nodes if isinstance(n, ast.keyword | ast.Assign | ast.Return) and n.value]
        kind, items = dice.randrange(6), dice.choice(lists)
        at = dice.randrange(len(items))
        if kind == 0 and values:
            dice.choice(values).value = ast.parse(dice.choice(_EXPRESSIONS), mode="eval").body
        elif kind == 1 and len(values) > 1:
            one, other = dice.sample(values, 2)
            one.value, other.value = copy.deepcopy(other.value), copy.deepcopy(one.value)
        elif kind == 2:
            items.insert(dice.randrange(len(items) + 1), copy.deepcopy(items[at]))
        elif kind == 3:
            dice.shuffle(items)
        elif kind == 4:
            constants = [n for n in nodes if isinstance(n, ast.Constant)]
            if constants:
                dice.choice(constants).value = dice.choice(
                    [None, True, -1, 0, 1.5, "x", 10**400, 1e308, b"x"]
                )
        elif len(items) > 1:
            del items[at]
    return ast.unparse(ast.fix_missing_locations(tree)).encode("utf-8", "surrogatepass")


_EXPRESSIONS = [
    *("None", "True", "-1", "0", "1e308", "-0.0", "1e999", "[]", "()", "{}", "''", "'a' * 9", "[1, 'a']"),
    *(
        "__import__('os').system('touch CANARY')",
        "open('CANARY', 'w')",
        "lambda: 0",
        "f'{x}'",
        "x",
        "...",
        "1j",
    ),
    *(
        "[i for i in range(10**9)]",
        "9**9**9",
        "[[1, 2]] * 10**9",
        "dict(a=1)",
        "{**{}}",
        "not 1",
        "1 if x else 2",
    ),
    *("(yield)", "x[0]", "x.y.z", "-[1]", "{1, 2}", "b'x'", "[1.5, 2, 3]", "(8, 16, 32)", "dict(type='X')"),
]
_GROUP = re.compile(r"[\[({<][^\[\](){}<>]*[\])}>]|\"[^\"\n]*\"|'[^'\n]*'|[\w.+-]+")


def _change_text(data: bytes, dice: Dice) -> bytes:
    """Move, double, lose, nest or replace words, quoted texts and bracketed groups."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
        spans = [match.span() for match in _GROUP.finditer(text)]
        if not spans:
            break
        (start, end), (a, b) = dice.choice(spans), dice.choice(spans)
        piece = text[start:end]
        new = dice.choice(["", f"{piece} {piece}", text[a:b], f"[{piece}]", f"{{{piece}}}", *_OTHERS])
        text = text[:start] + (dice.choice(NUMBERS + TEXTS) if dice.random() < 0.3 else new) + text[end:]
    return text.encode("utf-8", "surrogatepass" if not _escaped(text) else "surrogateescape")


_OTHERS = ["{" * 300, "\n", "=", ":", "#", "\\", '"', "'''", "[net]", "[yolo]"]


def _escaped(text: str) -> bool:
    return re.search("[\udc80-\udcff]", text) is not None


_KINDS: dict[str, Callable[[bytes, Dice], bytes]] = {
    ".json": change_json,
    ".ndjson": change_lines_of_json,
    ".yaml": change_yaml,
    ".yml": change_yaml,
    ".toml": change_toml,
    ".xml": _change_xml,
    ".csv": _change_rows(","),
    ".txt": _change_rows(None),
    ".parquet": _change_parquet,
    ".py": _change_python,
}

# ---- around a document -----------------------------------------------------------------------------------

_MARKS = [codecs.BOM_UTF8, codecs.BOM_UTF8 * 2, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE]
_CODECS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig", "cp1252"]


def enclose(name: str, data: bytes, dice: Dice) -> bytes:
    """Change what is around a document: its encoding, a mark before it, its ends of lines, another behind."""
    kind = dice.randrange(9)
    between = b"\n---\n" if name.endswith((".yaml", ".yml")) else dice.choice([b"", b"\n", b",", b"\0", b" "])
    if kind == 0:
        return dice.choice(_MARKS) + data
    if kind == 1:
        return data.decode("utf-8", "replace").encode(dice.choice(_CODECS), "replace")
    if kind == 2:
        return data + between + data
    if kind == 3:
        return (
            data + between + dice.choice([b"{}", b"[]", b"x", b"<a/>", b"\x1a", b"\xff", b"...", b"\n" * 500])
        )
    if kind == 4:
        return (
            dice.choice([b" " * 5000, b"\n" * 300, b"\0", b"\t", b"\r\n", b"\x0c", b"#\n", b"//x\n"]) + data
        )
    if kind == 5:
        return data.replace(b"\n", dice.choice([b"\r\n", b"\r", b"\n\n", b"\xe2\x80\xa8", b"\x0b", b" "]))
    if kind == 6:
        return gzip.compress(data, mtime=0)
    if kind == 7:
        return data.replace(b" ", dice.choice([b"\t", b"\xc2\xa0", b"", b"  ", b"\xe3\x80\x80"]))
    return data[: dice.choice([0, 1, 2, 3, len(data) - 1])]
