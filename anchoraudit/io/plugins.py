"""Finds the modules of a package: adding a file adds a format, a rule, a loader, a command or an output.

A module whose name starts with an underscore is a helper of its package, and is left out.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def module_names(package: str) -> list[str]:
    """Return the sorted names of the modules of `package`, without importing any of them.

    package: the full name of a package that is already imported; usually the `__name__` of the caller.
    """
    # Cached by path, not by name: a plugin may add a folder to the package's path.
    return list(_names_on(tuple(sys.modules[package].__path__)))


def load_module(package: str, name: str) -> ModuleType:
    """Import the module `name` of `package`. The second time it costs nothing."""
    return import_module(f"{package}.{name}")


def stated(package: str, name: str, constant: str) -> Any:
    """Return a constant of the module `name` of `package`, without importing it; None if it has none.

    package: the full name of a package that is already imported. The value must be a literal, on the line on
    which the constant is assigned.
    """
    if (module := sys.modules.get(f"{package}.{name}")) is not None:
        return getattr(module, constant, None)
    return _in_source(tuple(sys.modules[package].__path__), f"{package}.{name}", constant)


@lru_cache(maxsize=256)
def _in_source(path: tuple[str, ...], full: str, constant: str) -> Any:
    """Return the same of a module that is not imported. path: that of its package, as in `module_names`."""
    try:
        spec = find_spec(full)
    except (ImportError, ValueError):
        return None
    data = getattr(getattr(spec, "loader", None), "get_data", None)  # also of a package in an archive
    if spec is None or spec.origin is None or data is None:
        return None
    try:
        return _assigned(data(spec.origin), constant)
    except OSError:
        return None


def _assigned(source: bytes, constant: str) -> Any:
    from ast import literal_eval

    found = re.search(rb"^%s = (.+)$" % constant.encode(), source, re.MULTILINE)
    try:
        return None if found is None else literal_eval(found[1].decode("utf-8"))
    except (ValueError, SyntaxError):
        return None


@lru_cache(maxsize=64)
def _names_on(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name for m in iter_modules(path) if not m.name.startswith("_")))
