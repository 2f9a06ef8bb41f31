"""The base of a detector's blocks, and the checks that they share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

LARGEST = 100_000  # pixels; no network has a larger input, and a typing error must not fill the memory


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the blocks: immutable; a key that is unknown or has no effect is an error."""


@cache
def defaults_of(kind: type[Block]) -> Mapping[str, Any]:
    """Return the default of each key of a kind of block. To find them anew each time would take a while."""
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


def is_default(block: Block) -> bool:
    """Tell whether a block says nothing: every value is its default."""
    return all(getattr(block, name) == default for name, default in defaults_of(type(block)).items())


def require(block: Block, kind: str, wanted: dict[str, tuple[str, ...]]) -> None:
    """Raise ValueError unless a block has all keys that its kind needs, and none that only other kinds need.

    A key counts as given if it differs from its default. wanted: for each kind, the keys that it needs.
    """
    defaults = defaults_of(type(block))
    for name in sorted({name for names in wanted.values() for name in names}):
        given: Any = getattr(block, name)
        if (name in wanted[kind]) != (given != defaults[name]):
            others = ", ".join(sorted(sum(wanted.values(), ())))
            allowed = " and ".join(wanted[kind]) or f"none of {others}"
            raise ValueError(f"kind {kind!r} takes {allowed}")
