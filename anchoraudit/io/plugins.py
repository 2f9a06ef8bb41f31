"""Finding the modules of a package: adding a file adds a format, a rule, a loader, a command or an output.

A module whose name starts with an underscore is a helper of its package, and is not found.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def module_names(package: str) -> list[str]:
    """Return the names of the modules of `package`, sorted, without importing one of them.

    package: its full name, already imported; usually the `__name__` of the caller.
    """
    # The path is part of the cache's key: it may have become longer.
    return list(_names_on(tuple(sys.modules[package].__path__)))


def load_module(package: str, name: str) -> ModuleType:
    """Import the module `name` of `package`; Python keeps what it has imported."""
    return import_module(f"{package}.{name}")


@lru_cache(maxsize=64)
def _names_on(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name for m in iter_modules(path) if not m.name.startswith("_")))
