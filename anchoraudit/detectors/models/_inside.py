"""Look into objects for detection models: through what wraps them, and at what they have as attributes.

torch.nn.Module keeps its parts in `_modules`, and DataParallel, DistributedDataParallel, AveragedModel and
torch.compile's OptimizedModule keep the model as their only part. Lightning modules are such modules too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# The only part of a module under one of these names is what the module wraps.
_WRAPPED = ("module", "_orig_mod", "_fsdp_wrapped_module")
_DEEPEST = 4  # a.b.c.d: a Lightning module that has a model which has a compiled detector
_MOST = 2_000  # objects that are looked at; a detection model has about 300 parts


@dataclass(frozen=True, slots=True)
class Found:
    """A detection model, and where it is: `net.detector`."""

    model: Any
    place: str


def unwrapped(model: Any) -> Any:
    """Return what wrappers of torch, such as DataParallel, have inside; another object as it is."""
    for _ in range(_DEEPEST):
        parts = attributes(model, parts_only=True)
        if len(parts) != 1 or (name := next(iter(parts))) not in _WRAPPED:
            break
        model = parts[name]
    return model


def attributes(model: Any, *, parts_only: bool = False, hidden: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what an object has as attributes of its own; nothing is computed for it.

    parts_only: only the parts of a torch.nn.Module. hidden: names with an underscore that are wanted too.
    """
    own = getattr(model, "__dict__", None)
    if not isinstance(own, dict):
        return {}
    parts = own.get("_modules")
    parts = (
        {name: part for name, part in parts.items() if part is not None} if isinstance(parts, dict) else {}
    )
    if parts_only:
        return parts
    return {
        **{name: value for name, value in own.items() if not name.startswith("_") or name in hidden},
        **parts,
    }


def is_network(model: Any) -> bool:
    """Tell whether an object is a torch.nn.Module, and no configuration."""
    return "_modules" in (getattr(model, "__dict__", None) or {})


def detectors_inside(model: Any, is_detector: Callable[[Any], bool]) -> list[Found]:
    """Return the detection models inside an object, the outermost first, each once.

    Parts of parts are looked at too, but not those of a detection model.
    """
    found: dict[int, Found] = {}
    seen = {id(model)}
    level = list(_named(model, ""))
    for _ in range(_DEEPEST):
        below: list[tuple[str, Any]] = []
        for place, value in level:
            bare = unwrapped(value)
            if id(bare) in seen or len(seen) > _MOST:
                continue
            seen.add(id(bare))
            if is_detector(bare):
                found[id(bare)] = Found(bare, place)
            else:
                below += _named(bare, f"{place}.", parts_only=True)
        level = below
    return list(found.values())


def _named(model: Any, before: str, *, parts_only: bool = False) -> Iterator[tuple[str, Any]]:
    for name, value in attributes(model, parts_only=parts_only).items():
        if not isinstance(value, str | bytes | int | float | bool | type(None)):
            yield f"{before}{name}", value


def loaded(package: str) -> Any:
    """Return a package if it has been imported already; None if not. It is never imported here."""
    return sys.modules.get(package)


def comes_from(model: Any, *packages: str) -> bool:
    """Tell whether the class of an object, or one that it is made of, is of one of these packages."""
    return any(
        cls.__module__ == package or cls.__module__.startswith(f"{package}.")
        for cls in type(model).__mro__
        for package in packages
    )
