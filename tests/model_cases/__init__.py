"""Objects as frameworks have them in memory: one module for each reader of `anchoraudit.detectors.models`.

A module defines three names:

PACKAGE: what must be installed for `real`, and what else the message about it says.
stand_ins() -> list of Case: plain objects with the attributes that the framework's own have.
real() -> list of Case: the framework's own objects, made without weights. Called only if PACKAGE is there.

The framework itself is not needed for the stand-ins, and what a stand-in has was read off a real one.
"""

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType, SimpleNamespace
from typing import Any


@dataclass
class Case:
    """An object, and what it is read as.

    like: what `load_detector` takes, whose detector is the same but for its name, sources and notes; "" if it
    is refused. says: words of one of the notes, or of the error.
    """

    name: str
    model: Any
    like: Any = ""
    says: str = ""


def case_modules() -> dict[str, ModuleType]:
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}") for name in names}


class Module:
    """As torch.nn.Module: parts are in `_modules`, and are attributes by `__getattr__`."""

    def __init__(self, **attributes):
        modules = {
            name: value for name, value in attributes.items() if isinstance(value, Module | SimpleNamespace)
        }
        self.__dict__.update({"_modules": modules, **attributes})
        for name in modules:
            del self.__dict__[name]

    def __getattr__(self, name):
        try:
            return self.__dict__["_modules"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, number):
        return list(self._modules.values())[number]


class Tensor:
    def __init__(self, *values):
        self.values = list(values)

    def tolist(self):
        return self.values


def of(module, name, *bases, **attributes):
    """Return an object of a class `name` in `module`; bases: names of classes there that it is made of."""
    above = tuple(type(base, (Module,), {"__module__": module}) for base in bases) or (Module,)
    return type(name, above, {"__module__": module})(**attributes)
