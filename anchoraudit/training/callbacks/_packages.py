"""The packages that callbacks are for, imported only when a callback is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from anchoraudit.errors import AnchorauditError


def subclass_when_asked(module: str, name: str, hooks: type, base: tuple[str, str]) -> Callable[[str], type]:
    """Return the `__getattr__` of a module that has a callback called `name`.

    The callback is `hooks` as a subclass of the framework's own class. base: the package of that, which is
    imported when somebody asks for the callback, and its name there.
    """

    @cache
    def made() -> type:
        package, own = base
        bases = (hooks, getattr(import_first([package]), own))
        return type(name, bases, {"__module__": module, "__doc__": hooks.__doc__})

    def get(asked: str) -> type:
        if asked != name:
            raise AttributeError(f"module {module!r} has no attribute {asked!r}")
        return made()

    return get


def import_first(names: Sequence[str]) -> ModuleType:
    """Import the first of these packages that is installed.

    Raises AnchorauditError if none is.
    """
    for name in names:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if not name.startswith(str(error.name)):  # it is there, and something that it needs is not
                raise
    distribution = names[0].partition(".")[0]
    raise AnchorauditError(
        f"this callback is for {distribution}, which is not installed",
        remedy=f"Install {distribution} in the environment that you train in.",
    )
