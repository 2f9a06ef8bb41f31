"""Mutations of the content of a file: of bytes and lines, and of single values of JSON and XML.

[structure](structure.py) has those that change how a document is put together.
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import structure

Dice = random.Random

DEEP, HUGE = "<<deep>>", "<<huge>>"  # stand-ins for what no encoder writes
_LONG = "x" * 100_000
NUMBERS = [0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e308, -1e308, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400]
TEXTS = [
    *("", " ", "7", "-3", "1e3", "NaN", "nan", "inf", "null", "\x1b[31mred", "\u202egpj.exe", "a\nb"),
    *(
        "a\0b",
        "a\tb",
        "\ud800",
        "\udcff",
        "\ufeff",
        "ß",
        "İ",
        "é",
        "🐈",
        "x" * 300,
        _LONG,
        "../../../etc/passwd",
    ),
    *(
        "/dev/zero",
        "/etc/passwd",
        "C:\\x.jpg",
        ".",
        "..",
        "a/../b.jpg",
        "%s%n{}",
        "${x}",
        "::error::x",
        "=1+1",
    ),
    *("<b>", "]]>", '"', "'", "`|`", "[a](b)", "\\u202e", "con.jpg"),
]
VALUES: list[Any] = [
    *NUMBERS,
    *TEXTS,
    *(None, True, False, math.nan, math.inf, -math.inf, [], {}, [[]], [None], {"id": 1}, [1, 2, 3, 4]),
    *([1e308] * 4, [0, 0, 0, 0], [-5, -5, 10, 10], [10, 10, -5, -5], [[1, 1, 9, 1, 9, 9]], DEEP, HUGE),
]
TOKENS = [
    *b'null true NaN -Infinity 1e999 -1 0 1e308 1e-320 "" "7" [] {} "\xff" "\\ud800" } ] , " \\ \x00'.split(),
    *b"<!DOCTYPE <![CDATA[ ]]> --> <object> </object> &amp; &x; <?x?> &#0; &#x1F;".split(),
    *b"{ [ ( ' = : - # \xef\xbb\xbf".split(),
    *b"9223372036854775808 0x10 1_000 08 1e 2024-01-01 !!python/object/apply:os.system *a &a <<: 0/0".split(),
    *(b"\n", b"\r\n", b"\t", b"\x1b[31m", b"\xe2\x80\xae", b"\xc3", b"\xed\xa0\x80", b"9" * 400, b"9" * 5000),
]
_WORD = re.compile(rb"[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[^\w\s]")


def mutate_bytes(data: bytes, dice: Dice) -> bytes:
    """Flip, cut off, double, move or lose some bytes, or put others in their place."""
    if not data:
        return dice.choice(TOKENS)
    made = bytearray(data)
    at, length = dice.randrange(len(data)), dice.choice([1, 2, 5, 20, 100, 1000])
    kind = dice.randrange(9)
    if kind == 0:
        for _ in range(dice.choice([1, 1, 3, 20])):
            made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del made[at:]
    elif kind == 2:
        del made[at : at + length]
    elif kind == 3:
        made[at:at] = made[at : at + length] * dice.choice([1, 1, 50])
    elif kind == 4:
        piece, made[at : at + length] = made[at : at + length], b""
        to = dice.randrange(len(made) + 1)
        made[to:to] = piece
    elif kind == 5:
        made[at : at + dice.choice([0, 1, length])] = dice.choice(TOKENS)
    elif kind == 6:
        made[at : at + 1] = bytes([dice.randrange(256)])
    elif kind == 7:
        spans = [match.span() for match in _WORD.finditer(data)]
        if spans:
            start, end = dice.choice(spans)
            made[start:end] = dice.choice([data[slice(*dice.choice(spans))], dice.choice(TOKENS)])
    else:
        encoding = dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "utf-7"])
        made[:] = data.decode("utf-8", "replace").encode(encoding, "replace")
    return bytes(made)


def mutate_json(data: bytes, dice: Dice) -> bytes:
    """Put another value, or none, or two, where there was one; bytes that are no JSON are mutated as such."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, dice)
    for _ in range(dice.choice([1, 1, 2, 5])):
        found = places(document)
        if not found:
            break
        # Of a list's many entries and a root's few keys, each kind comes as often.
        depth = dice.randrange(1 + max(len(path) for _, path in found))
        container, path = dice.choice([p for p in found if len(p[1]) == depth] or found)
        key = path[-1] if path else None
        _change(container, key, dice, [value for value, _ in found])
    text = json.dumps(document, ensure_ascii=dice.random() < 0.7, indent=dice.choice([None, None, 2]))
    text = text.replace(f'"{HUGE}"', "9" * 5000)
    if DEEP in text:
        opening, closing = dice.choice(["[]", ('{"a":', "}")])
        text = text.replace(f'"{DEEP}"', opening * 100_000 + "0" + closing * 100_000)
    return text.encode("utf-8", "surrogatepass")


def places(value: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Every container of a document, with the path to each of its members, in the document's order."""
    found: list[tuple[Any, tuple[Any, ...]]] = []

    def walk(container: Any, path: tuple[Any, ...]) -> None:
        for key in container if isinstance(container, dict) else range(len(container)):
            found.append((container, (*path, key)))
            if isinstance(container[key], dict | list):
                walk(container[key], (*path, key))

    if isinstance(value, dict | list):
        walk(value, ())
    return found


def _change(container: Any, key: Any, dice: Dice, others: list[Any]) -> None:
    kind = dice.randrange(8)
    with contextlib.suppress(KeyError, IndexError, OverflowError):
        if kind == 0:
            del container[key]
        elif kind == 1:
            container[key] = [container[key]]
        elif kind == 2 and isinstance(container, list):
            container.insert(dice.randrange(len(container) + 1), container[key])
        elif kind == 2:
            container[dice.choice([*container, "extra", "", "\x1b", "id"])] = container[key]
        elif kind == 3 and isinstance(container[key], int | float):
            container[key] = dice.choice([str(container[key]), float(container[key]), -container[key]])
        elif kind == 4 and isinstance(container[key], int | float):
            container[key] = container[key] * dice.choice([0, 1e-9, 1e9, 1e200]) + dice.choice(
                [0, 1, 0.5, -1]
            )
        elif kind == 5 and not isinstance(dice_value := dice.choice(others), dict | list):
            container[key] = dice_value
        else:
            container[key] = copy.deepcopy(
                dice.choice(VALUES)
            )  # or what comes later would change all of them


def mutate_xml(data: bytes, dice: Dice) -> bytes:
    """Move, double, lose, rename or fill elements."""
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        return mutate_bytes(data, dice)
    for _ in range(dice.choice([1, 1, 2, 5])):
        pairs = [(parent, child) for parent in root.iter() for child in parent]
        if not pairs:
            break
        parent, child = dice.choice(pairs)
        kind = dice.randrange(7)
        if kind == 0:
            parent.remove(child)
        elif kind == 1:
            parent.insert(dice.randrange(len(parent) + 1), child)
        elif kind == 2:
            dice.choice(pairs)[0].append(child) if child not in parent.iter() else parent.remove(child)
        elif kind == 3:
            child.tag = dice.choice([dice.choice(pairs)[1].tag, "part", "{http://x}object", "Object", "ä"])
        elif kind == 4:
            child.append(ET.Element(dice.choice(pairs)[1].tag))
        else:
            child.text = str(dice.choice([*NUMBERS, *TEXTS, "\u0661", "1_0", "0x10", "1,5", DEEP, HUGE]))
    try:
        text = ET.tostring(root, encoding="unicode")
    except RecursionError:
        return data
    text = text.replace("&lt;&lt;huge&gt;&gt;", "9" * 5000)
    if "&lt;&lt;deep&gt;&gt;" in text:
        text = text.replace("&lt;&lt;deep&gt;&gt;", "<a>" * 20_000 + "</a>" * 20_000)
    return text.encode("utf-8", "surrogatepass")


def mutate_lines(data: bytes, dice: Dice) -> bytes:
    """Lose, double, swap, indent lines, or give a key another value: TOML, YAML, Python and the like."""
    lines = data.split(b"\n")
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    kind = dice.randrange(7)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = (
            dice.choice([b" ", b"    ", b"\t"]) + lines[at] if dice.random() < 0.5 else lines[at].strip()
        )
    else:
        valued = [i for i, line in enumerate(lines) if re.search(rb"[=:,]", line)] or [at]
        at = dice.choice(valued)
        head, mark, tail = re.match(rb"(.*?)([=:,] *|$)(.*)", lines[at]).groups()  # type: ignore[union-attr]
        lines[at] = (
            head + mark + dice.choice([_scalar(dice), tail + tail, tail[: len(tail) // 2], b"[" + tail])
        )
    return b"\n".join(lines)


def _scalar(dice: Dice) -> bytes:
    value = dice.choice(
        [*VALUES, "[" * 5000, "(" * 5000, "-" * 5000, "1" + "+1" * 5000, "9**9**9", "x.y", "[1, [2]]"]
    )
    if value == HUGE:
        return b"9" * 5000
    if value == DEEP:
        return b"[" * 20_000 + b"]" * 20_000
    if not isinstance(value, str) or dice.random() < 0.5:
        return str(value).encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


_BY_SUFFIX: dict[str, Callable[[bytes, Dice], bytes]] = {
    ".parquet": mutate_bytes,
    ".json": mutate_json,
    ".xml": mutate_xml,
    ".jpg": mutate_bytes,
}


def mutate(name: str, data: bytes, dice: Dice) -> bytes:
    """Mutate the content of a file called `name` once or a few times: its values, structure or bytes."""
    by_value = _BY_SUFFIX.get(Path(name).suffix, mutate_lines)
    for _ in range(dice.choice([1, 1, 1, 1, 2])):
        share = dice.random()
        if share < 0.35:
            data = by_value(data, dice)
        elif share < 0.8:
            data = structure.mutate(name, data, dice)
        else:
            data = mutate_bytes(data, dice)
    return structure.enclose(name, data, dice) if dice.random() < 0.1 else data
