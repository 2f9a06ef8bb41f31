"""Reads plain annotation files with two regular expressions, without building a tree.

Most files hold only plain ASCII elements in one of a few orders. The patterns below accept a file only if it
is obviously valid XML (no entities, comments, attributes or declarations, except for the first line) and all
numbers are present. For such a file the result is the same as the parser's, in half the time. Any other file
is left to the parser, which alone decides what is wrong.
"""

from __future__ import annotations

import re
from itertools import count

Plain = tuple[str, float, float, list[tuple[str, bool, float, float, float, float]]]

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
    others = [_others("name", "difficult", "bndbox") for _ in range(len(core) + 1)]
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
            f"(?:{_leaf('difficult', '(?P<before>[01])')})?+",
            _nest("bndbox", f"(?:{_box('', *_CORNERS)}|{_box('_', 'xmin', 'xmax', 'ymin', 'ymax')})"),
            f"(?:{_leaf('difficult', '(?P<after>[01])')})?+",
        ),
    ).encode()
)
_END = re.compile(rf"</annotation>{_SPACE}\Z".encode())
_NAME, _BEFORE, _AFTER, _X1, _Y1, _X2, _Y2, _U1, _V1, _U2, _V2 = (
    _OBJECT.groupindex[group] - 1
    for group in ("name", "before", "after", *_CORNERS, *(f"{tag}_" for tag in _CORNERS))
)


def plain(data: bytes) -> Plain | None:
    """Return file name, width, height, and (name, difficult, x1, y1, x2, y2) of each object, in pixels.

    None if the file is not plain. It may still be valid.
    """
    head = _HEAD.match(data)
    if head is None:
        return None
    at = head.end()
    objects = []
    while met := _OBJECT.match(data, at):
        g = met.groups()
        name = g[_NAME].decode().strip()
        before, after = g[_BEFORE], g[_AFTER]
        if not name or (before and after):
            return None
        x1, y1, x2, y2 = (_X1, _Y1, _X2, _Y2) if g[_X1] is not None else (_U1, _V1, _U2, _V2)
        flag = (before or after) == b"1"
        objects.append((name, flag, float(g[x1]), float(g[y1]), float(g[x2]), float(g[y2])))
        at = met.end()
    if not _END.match(data, at):
        return None
    return head["file"].decode().strip(), float(head["width"]), float(head["height"]), objects
