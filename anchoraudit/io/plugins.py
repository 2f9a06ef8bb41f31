"""Finds the modules of a package: adding a file adds a format, a rule, a loader, a command or an output.

A module whose name starts with an underscore is a helper of its package, and is left out.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def module_names(package: str) -> list[str]:
    """Return the sorted names of the modules of `package`, without importing any of them.

    package: the full name of a package that is already imported; usually the `__name__` of the caller.
    """
    # Cached by path, not by name: a plugin may add a folder to the package's path.
    return list(_names_on(tuple(sys.modules[package].__path__)))


def load_module(package: str, name: str) -> ModuleType:
    """Import the module `name` of `package`. The second time it costs nothing."""
    return import_module(f"{package}.{name}")


@lru_cache(maxsize=64)
def _names_on(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name for m in iter_modules(path) if not m.name.startswith("_")))
