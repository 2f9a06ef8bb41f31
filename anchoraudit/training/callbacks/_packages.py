"""The packages that callbacks are for, imported only when a callback is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from anchoraudit.errors import AnchorauditError


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
