"""Which attribute of regions holds their class, in formats whose attributes the user makes up: VIA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats._builder import listed, shorten
from anchoraudit.io.suggest import did_you_mean

ONLY_CLASS = "object"  # what all regions are called where none has an attribute
_USUAL = frozenset(
    ["class", "classname", "label", "labels", "name", "type", "object", "objectname", "category"]
)
_SHOWN = 5


def class_attribute(regions: Iterable[Mapping[str, Any]], asked: str, path: Path) -> str:
    """Return the attribute that holds the class; "" if no region has any.

    regions: the attributes of each. asked: the name that the user gives, "" without one.

    It is the only attribute, or the only one with a usual name (`class`, `label`, `name`, `type`, ...), or
    one of several that have the same value everywhere. Otherwise the user has to name it.

    Raises AnchorauditError if it is not clear, or if no region has the one that is asked for.
    """
    told = [{name: text for name in each if (text := value_of(each[name]))} for each in regions]
    names = list(dict.fromkeys(name for each in told for name in each))
    if asked:
        if asked not in names:
            raise _unknown(asked, names, path)
        return asked
    usual = [name for name in names if "".join(filter(str.isalnum, name)).lower() in _USUAL]
    for candidates in (names, usual):
        if candidates and (len(candidates) == 1 or _agree(told, candidates)):
            return candidates[0]
    if not names:
        return ""
    examples = {name: dict.fromkeys(each[name] for each in told if name in each) for name in names}
    shown = [
        f"{name!r} ({listed([shorten(text, 30) for text in examples[name]])})" for name in names[:_SHOWN]
    ]
    first = (usual or names)[0]
    raise AnchorauditError(
        f"several attributes could be the class: {printable(', '.join(shown))}",
        path=path,
        remedy=f"Name the one that is: --class-attribute {first!r}.",
    )


def value_of(value: Any) -> str:
    """Return the value of an attribute as text, "" if it has none. Of a checkbox, the first that is set."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        set_ones = (
            key for key, on in value.items() if on is True or str(on).strip().lower() in ("true", "1")
        )
        return next((str(key).strip() for key in set_ones), "")
    if isinstance(value, list):
        return value_of(value[0]) if value and not isinstance(value[0], list) else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value).strip()


def _agree(told: Sequence[Mapping[str, str]], names: Sequence[str]) -> bool:
    return all(len({each.get(name, "") for name in names}) == 1 for each in told if each)


def _unknown(asked: str, names: Sequence[str], path: Path) -> AnchorauditError:
    choice = f"Choose from: {', '.join(map(printable, names))}." if names else "No region has attributes."
    return AnchorauditError(
        f"no region has the attribute {asked!r}", path=path, remedy=did_you_mean(asked, names) + choice
    )
