"""What the blocks of a detector have in common."""

from __future__ import annotations

from typing import Any

import msgspec

LARGEST = 100_000  # pixels; no network has a larger input, and memory is not spent on a slip of the pen


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the blocks: immutable, and no key is taken silently that does nothing."""


def require(block: Block, kind: str, wanted: dict[str, tuple[str, ...]]) -> None:
    """Raise ValueError unless exactly the keys that `kind` wants were given, of those that any kind wants.

    A key counts as given where it differs from its default.
    """
    defaults = {field.name: field.default for field in msgspec.structs.fields(type(block))}
    for name in sorted({name for names in wanted.values() for name in names}):
        given: Any = getattr(block, name)
        if (name in wanted[kind]) != (given != defaults[name]):
            allowed = " and ".join(wanted[kind]) or "none of " + ", ".join(sorted(sum(wanted.values(), ())))
            raise ValueError(f"kind {kind!r} takes {allowed}")
