"""Keys of objects that the first lines do not have, by which the columns are recognised.

Programs leave out keys without a value, so that `iscrowd` or `label` may come first in any line. What the
first lines have stays as it is; the others are looked for in each block of lines. So what a line says does
not depend on which other lines are read with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from anchoraudit.formats.table.layout import Layout
from anchoraudit.formats.table.names import columns_called

_OF_ROWS = ("label", "width", "height", "split", "crowd")
_SIZE = ("width", "height")


def late_columns(
    objects: Sequence[dict[str, Any]], keys: Sequence[str], called: Mapping[str, str]
) -> dict[str, str]:
    """Return the keys of columns that the first lines lack, by what they are.

    objects: rows that are boxes. Where several keys are the same column, values are put under one of them.
    keys: all of them, as `keys_in` returns them. called: the keys that the first lines have.
    """
    found: dict[str, str] = {}
    for what in _OF_ROWS:
        taken = {*called.values(), *found.values()}
        if what not in called and (key := _as_one(what, [key for key in keys if key not in taken], objects)):
            found[what] = key
    return found


def widened(layout: Layout, objects: Sequence[Mapping[str, Any]]) -> Layout:
    """Return a layout with the keys that the first lines lack, of images and of their objects."""
    keys = keys_in(objects)

    def plain(what: str) -> str:
        called = columns_called(what, keys)
        values = {key: [each.get(key) for each in objects] for key in called}
        called = [key for key in called if not any(isinstance(one, dict | list) for one in values[key])]
        return _as_one(what, called, objects)

    if not layout.split:
        layout = replace(layout, split=plain("split"))
    if not (layout.width and layout.height):
        width, height = map(plain, _SIZE)
        layout = replace(layout, width=width, height=height) if width and height else layout
    if layout.label and layout.crowd:
        return layout
    holders = _holders(layout, objects)
    fields = keys_in(holders)
    if not _are_of_objects(layout, objects):
        fields = [key for key in fields if any(isinstance(each.get(key), list) for each in holders)]
    fields = [key for key in fields if key not in (layout.box, *layout.corners.values())]
    return replace(
        layout,
        label=layout.label or _as_one("labels", fields, holders),
        crowd=layout.crowd or _as_one("crowd", fields, holders),
    )


def _are_of_objects(layout: Layout, images: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether images have lists of objects, and not objects of lists."""
    return bool(layout.holder) and any(isinstance(image.get(layout.holder), list) for image in images)


def _holders(layout: Layout, images: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what has the fields of objects: the objects, or what holds lists of them."""
    if not layout.holder:
        return list(images)
    held = [image.get(layout.holder) for image in images]
    found = [each for one in held if isinstance(one, list) for each in one]
    found += [one for one in held if isinstance(one, dict)]
    return found if {*map(type, found)} <= {dict} else [each for each in found if isinstance(each, dict)]


def keys_in(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the keys that any of some objects has, sorted."""
    return sorted(set[str]().union(*objects))


def _as_one(what: str, keys: Sequence[str], objects: Sequence[Mapping[str, Any]]) -> str:
    """Return the key that is called so; "" without one.

    Where other keys are, too, objects without a value for the first get that of the next.
    """
    first, *others = columns_called(what, keys) or [""]
    for each in objects if others else ():
        assert isinstance(each, dict)  # as JSON makes them
        value = next((each[key] for key in (first, *others) if _has_value(each.get(key))), None)
        if value is not None:
            each[first] = value
    return first


def _has_value(value: object) -> bool:
    return any(each is not None for each in value) if isinstance(value, list) else value is not None
