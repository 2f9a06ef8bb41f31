"""A mapping that knows the file and line of each entry, for error messages.

What is in memory has no lines: there, the place of an entry is its own name, `cfg.MODEL.RPN.IOU_THRESHOLDS`,
and its line is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec

from anchoraudit.errors import AnchorauditError

T = TypeVar("T")
_MOST = 20_000  # values in one entry, or entries in a merge; no real configuration has more
_MOST_IN_MEMORY = 200_000  # values of a whole configuration in memory
_DEEPEST_IN_MEMORY = 60  # mappings and lists inside each other


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that parsing does not give. It is an error only if the value is needed."""

    source: str
    path: str
    line: int
    why: str = "its value is unknown, because the file is not executed"

    def error(self, key: str) -> AnchorauditError:
        """Return the error that names the value and its place."""
        shown = self.source if len(self.source) <= 80 else self.source[:77] + "..."
        return AnchorauditError(
            f"{key} is {shown!r}: {self.why}",
            path=self.path,
            place=f"line {self.line}" if self.line else "",
            remedy="Write the value itself there: numbers, lists, or names assigned in this file."
            if self.line
            else "Put the value itself there: numbers, texts, lists or mappings.",
        )


class Table(dict[str, Any]):
    """A mapping of strings to values of any kind, with the file and line of each entry."""

    def __init__(self, path: str, line: int = 1) -> None:
        super().__init__()
        self.path, self.line = path, line
        self.where: dict[str, tuple[str, int]] = {}

    def put(self, key: str, value: Any, path: str, line: int) -> None:
        """Set an entry and its place."""
        self[key] = value
        self.where[key] = (path, line)

    def find(self, dotted: str, default: Any = None) -> Any:
        """Return the entry at `a.b.c`, or `default` if it is missing or null.

        Raises AnchorauditError if it is unresolved, or if an entry on the way is not a mapping.
        """
        value: Any = self
        for key in dotted.split("."):
            if isinstance(value, Unresolved):
                raise value.error(dotted)
            if not isinstance(value, Table):
                raise self.error(f"{dotted}: {value!r} is not a mapping", dotted)
            value = value.get(key)
            if value is None:
                return default
        if isinstance(value, Unresolved):
            raise value.error(dotted)
        return value

    def table(self, dotted: str) -> Table | None:
        """Return the mapping at `dotted`, None if it is missing."""
        value = self.find(dotted)
        if value is not None and not isinstance(value, Table):
            raise self.error(f"{dotted}: {_short(value)} is not a mapping", dotted)
        return value

    def read(self, dotted: str, kind: type[T], default: T) -> T:
        """Return the entry at `dotted` as `kind`; `1.0` is accepted as the whole number 1."""
        value = self.find(dotted)
        if value is None:
            return default
        try:
            return msgspec.convert(_plain(value, dotted, [_MOST]), kind)
        except msgspec.ValidationError as error:
            raise self.error(f"{dotted} is {_short(value)}: {error}", dotted) from None

    def number(self, dotted: str, default: float) -> float:
        """Return one number."""
        return self.read(dotted, float, default)

    def numbers(self, dotted: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """Return a list of numbers; one number is a list of one."""
        value = self.find(dotted)
        if isinstance(value, int | float):
            return (self.number(dotted, 0.0),)
        return self.read(dotted, tuple[float, ...], default)

    def rows(self, dotted: str, default: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
        """Return a list of lists of numbers; one list is a list of one list."""
        value = self.find(dotted)
        if isinstance(value, list | tuple) and value and not isinstance(value[0], list | tuple):
            return (self.numbers(dotted, ()),)
        return self.read(dotted, tuple[tuple[float, ...], ...], default)

    def text(self, dotted: str, default: str) -> str:
        """Return a text."""
        return self.read(dotted, str, default)

    def flag(self, dotted: str, default: bool) -> bool:
        """Return true or false."""
        return self.read(dotted, bool, default)

    def place(self, dotted: str) -> tuple[str, int]:
        """Return file and line of the entry `dotted`, or of the nearest existing mapping around it."""
        path, line = self.path, self.line
        value: Any = self
        for key in dotted.split("."):
            if not isinstance(value, Table):
                break
            path, line = value.where.get(key, (path, line))
            value = value.get(key)
        return path, line

    def error(self, message: str, dotted: str = "", remedy: str = "") -> AnchorauditError:
        """Return an error placed at the entry `dotted`, or at the nearest existing mapping around it."""
        path, line = self.place(dotted)
        return AnchorauditError(
            message,
            path=path,
            place=f"line {line}" if line else "",
            remedy=remedy or "See the detector file formats in docs/detectors.md.",
        )

    @contextmanager
    def blame(self, dotted: str) -> Iterator[None]:
        """Turn a ValueError of a detector's block into an error placed at the entry `dotted`."""
        try:
            yield
        except ValueError as error:
            raise self.error(str(error), dotted) from None

    def merged(self, over: Table, budget: list[int] | None = None) -> Table:
        """Return this merged with `over`, which wins, mapping by mapping; its `_delete_` drops the rest."""
        budget = [_MOST] if budget is None else budget
        result = Table(over.path, over.line)
        keep = {} if over.get("_delete_") is True else self
        for key, value in keep.items():
            result.put(key, value, *self.where[key])
        for key, value in over.items():
            budget[0] -= 1
            if budget[0] < 0:
                raise over.error("too many entries for a configuration", key, "Shorten the file.")
            old = result.get(key)
            if key == "_delete_":
                continue
            new = value
            if isinstance(value, Table):
                new = (old if isinstance(old, Table) else Table(value.path)).merged(value, budget)
            result.put(key, new, *over.where[key])
        return result


def table_of(values: Mapping[Any, Any], name: str) -> Table:
    """Return a mapping in memory as a `Table`, with the mappings inside it.

    Classes and functions become their full names, tensors and arrays lists, tuples lists; what is no plain
    value is `Unresolved`, which is an error only if it is needed. name: what messages call the mapping.

    Raises AnchorauditError if it is too large, or if it contains itself.
    """
    return cast(Table, _InMemory(name).value(values, name, 0))


class _InMemory:
    """Turns values in memory into those that a file would have, and counts them."""

    def __init__(self, name: str) -> None:
        self.name, self.left = name, _MOST_IN_MEMORY

    def value(self, value: Any, place: str, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST_IN_MEMORY:
            raise AnchorauditError(
                f"{self.name} is too large or too deeply nested for a configuration, or contains itself",
                path=place if len(place) <= 200 else self.name,
                remedy="Give the framework's own configuration object.",
            )
        if isinstance(value, Mapping):
            table = Table(place, 0)
            for key, item in value.items():
                at = f"{place}.{key}"
                table.put(str(key), self.value(item, at, depth + 1), at, 0)
            return table
        if hasattr(value, "tolist") and math.prod(getattr(value, "shape", ())) <= self.left:
            value = value.tolist()
        if isinstance(value, list | tuple):
            return [self.value(item, f"{place}[{number}]", depth + 1) for number, item in enumerate(value)]
        if value is None or isinstance(value, str | int | float):
            return value
        if callable(value) and hasattr(value, "__qualname__"):
            return f"{value.__module__}.{value.__qualname__}"
        return Unresolved(type(value).__name__, place, 0, "it is no plain value")


def _plain(value: Any, dotted: str, budget: list[int]) -> Any:
    """Return a value with whole floats as ints. Raises if there is an unresolved value inside."""
    budget[0] -= 1
    if isinstance(value, Unresolved):
        raise value.error(dotted)
    if isinstance(value, list | tuple):
        return [_plain(item, dotted, budget) for item in value[: max(budget[0], 0)]]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _short(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
