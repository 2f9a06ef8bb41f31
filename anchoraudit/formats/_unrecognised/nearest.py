"""Which format a file resembles most: it is compared with the example of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from anchoraudit.formats._unrecognised.outline import TEXT, Key, Outline, example_outline, is_number

if TYPE_CHECKING:
    from anchoraudit.formats import Format

_LEAST = 0.5  # share of the keys of an example that a file has to resemble it
_DEPTH = 4  # how deep keys are compared: the sides of a box would outweigh all else
_SHOWN = 3


class Near(NamedTuple):
    """A format, the share of its example that the file has, and what it lacks; () if they look the same."""

    format: str
    share: float
    lacks: tuple[str, ...]


def nearest(found: Outline, formats: Mapping[str, Format]) -> Near | None:
    """Return the format whose example has most in common with a file; None if none has enough."""
    best: Near | None = None
    for name, module in formats.items():
        example = example_outline(getattr(module, "EXAMPLE_PATH", ""), getattr(module, "EXAMPLE", ""))
        if example is None or (example.syntax, example.shape) != (found.syntax, found.shape):
            continue
        share, lacks = _compared(found, example)
        if share >= _LEAST and (best is None or share > best.share):
            best = Near(name, share, lacks)
    return best


def _compared(found: Outline, example: Outline) -> tuple[float, tuple[str, ...]]:
    """Return how much of an example a file has, 0 to 1, and what it lacks."""
    if found.syntax == TEXT:
        return float(_pattern(found) == _pattern(example)), ()
    own, wanted = _folded(found), _folded(example)
    named = [key for key in wanted if key[-1] not in ("[]", "*") and len(key) <= _DEPTH]
    if not named or all(is_number(key[-1]) for key in named):
        return 0.0, ()
    common = [key for key in named if key in own]
    # Of what is missing with all that is below it, only the uppermost is named.
    missing = [
        key for key in named if key not in own and (key[:-1] in own or len(key) == 1 or _listed(key, own))
    ]
    return len(common) / len(named), tuple(wanted[key] for key in missing[:_SHOWN])


def _listed(key: Key, own: Mapping[Key, str]) -> bool:
    """Tell whether the list that holds an entry is there, or is the whole file."""
    above = key[:-1]
    while above and above[-1] == "[]":
        above = above[:-1]
    return not above or above in own


def _folded(found: Outline) -> dict[Key, str]:
    """Return the keys in lower case, each with the name to show."""
    return {tuple(part.lower() for part in key): key[-1] for key in found.keys}


def _pattern(found: Outline) -> str:
    """Return how the first line is made: what separates its fields, and which of them are numbers."""
    line = found.lines[0]
    comma = "," in line
    fields = line.split("," if comma else None)
    return "," * comma + "".join("n" if is_number(field.strip()) else "w" for field in fields)
