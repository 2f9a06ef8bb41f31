"""Reads plain annotation files with two regular expressions, without building a tree.

Most files hold only plain ASCII elements in one of a few orders. The patterns below accept a file only if it
is obviously valid XML (no entities, comments, attributes or declarations, except for the first line) and all
numbers are present. For such a file the result is the same as the parser's, in half the time. Any other file
is left to the parser, which alone decides what is wrong.
"""

from __future__ import annotations

import re
from itertools import count

from anchoraudit.dataset.traits import BoxTrait, ImageTrait

# name, traits, difficult, x1, y1, x2, y2
PlainObject = tuple[str, int, bool, float, float, float, float]
Plain = tuple[str, int, float, float, list[PlainObject]]

_SPACE = r"[ \t\r\n]*+"
_UNUSED = r"[\t\n\r -%'-;=?-~]*+"  # ASCII without & < >
_TEXT = r"[\t\n -%'-;=?-~]*+"  # the same without carriage returns, which a parser replaces
_NUMBER = rf"{_SPACE}-?[0-9]{{1,15}}+(?:\.[0-9]++)?+{_SPACE}"  # more digits could be infinite
_CORNERS = ("xmin", "ymin", "xmax", "ymax")

_group = count()


def _leaf(tag: str, value: str) -> str:
    return rf"<{tag}>{value}</{tag}>{_SPACE}"


def _nest(tag: str, content: str) -> str:
    return rf"<{tag}>{_SPACE}{content}</{tag}>{_SPACE}"


def _others(*named: str, content: str = "") -> str:
    """Match any number of elements with text, and perhaps `content`, except those with the tags `named`."""
    group = f"tag{next(_group)}"
    no = "".join(f"(?!{tag}>)" for tag in named)
    return rf"(?:<{no}(?P<{group}>[A-Za-z_]\w*+)>{_UNUSED}{content}</(?P={group})>{_SPACE})*+"


def _beside() -> str:
    """Match the elements of <annotation> that are not needed: <path>, <source>, <owner>..."""
    return _others("filename", "size", "object", content=_others())


def _box(suffix: str, *order: str) -> str:
    return "".join(_leaf(tag, f"(?P<{tag}{suffix}>{_NUMBER})") for tag in order)


def _around(*core: str) -> str:
    """Match the needed elements of an <object>, with any others before, between and after them."""
    others = [_others("name", "truncated", "difficult", "bndbox") for _ in range(len(core) + 1)]
    return others[0] + "".join(a + b for a, b in zip(core, others[1:], strict=True))


_HEAD = re.compile(
    (
        rf"""(?:<\?xml version=["']1\.0["'](?: encoding=["'](?i:utf-8|us-ascii)["'])?+ ?\?>{_SPACE})?+"""
        rf'<annotation(?: verified="(?:yes|no)")?+>{_SPACE}'
        + _beside()
        + _leaf("filename", f"(?P<file>{_TEXT})")
        + _beside()
        + _nest("size", _box("", "width", "height") + _others("width", "height"))
        + _beside()
    ).encode()
)
_OBJECT = re.compile(
    _nest(
        "object",
        _around(
            _leaf("name", f"(?P<name>{_TEXT})"),
            f"(?:{_leaf('truncated', '(?P<truncated>[0-9]++)')})?+",
            f"(?:{_leaf('difficult', '(?P<before>[01])')})?+",
            _nest("bndbox", f"(?:{_box('', *_CORNERS)}|{_box('_', 'xmin', 'xmax', 'ymin', 'ymax')})"),
            f"(?:{_leaf('difficult', '(?P<after>[01])')})?+",
        ),
    ).encode()
)
_END = re.compile(rf"</annotation>{_SPACE}\Z".encode())
_NAME, _TRUNCATED, _BEFORE, _AFTER, _X1, _Y1, _X2, _Y2, _U1, _V1, _U2, _V2 = (
    _OBJECT.groupindex[group] - 1
    for group in ("name", "truncated", "before", "after", *_CORNERS, *(f"{tag}_" for tag in _CORNERS))
)
# As plain integers: `x |= BoxTrait.PADDED_NAME` takes 20 times as long.
_NO_DIFFICULT = int(BoxTrait.NO_DIFFICULT)
_NO_TRUNCATED = int(BoxTrait.NO_TRUNCATED)
_NOT_AN_INTEGER = int(BoxTrait.NOT_AN_INTEGER)
_PADDED_NAME = int(BoxTrait.PADDED_NAME)
_ODD_SIZE = int(ImageTrait.ODD_SIZE)


def plain(data: bytes) -> Plain | None:
    """Return file name, image traits, width, height, and the objects, all in pixels.

    An object is (name, traits, difficult, x1, y1, x2, y2). None if the file is not plain. It may still be
    valid.
    """
    head = _HEAD.match(data)
    if head is None:
        return None
    at = head.end()
    fractions = data.find(b".", at) >= 0  # in a coordinate, or in some other text
    objects: list[PlainObject] = []
    while met := _OBJECT.match(data, at):
        g = met.groups()
        written = g[_NAME].decode()
        name = written.strip()
        before, after = g[_BEFORE], g[_AFTER]
        if not name or (before and after):
            return None
        x1, y1, x2, y2 = (_X1, _Y1, _X2, _Y2) if g[_X1] is not None else (_U1, _V1, _U2, _V2)
        traits = 0 if g[_TRUNCATED] else _NO_TRUNCATED
        if name != written:
            traits |= _PADDED_NAME
        difficult = before or after
        if difficult is None:
            traits |= _NO_DIFFICULT
        if fractions and b"." in g[x1] + g[y1] + g[x2] + g[y2]:
            traits |= _NOT_AN_INTEGER
        flag = difficult == b"1"
        objects.append((name, traits, flag, float(g[x1]), float(g[y1]), float(g[x2]), float(g[y2])))
        at = met.end()
    if not _END.match(data, at):
        return None
    width, height = head["width"], head["height"]
    of_image = _ODD_SIZE if b"." in width or b"." in height else 0
    return head["file"].decode().strip(), of_image, float(width), float(height), objects
