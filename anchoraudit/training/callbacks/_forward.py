"""Hooks on a model's call, for frameworks whose own callbacks see neither the batch nor the loss in time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class ForwardHooks:
    """Hooks on the calls of a model that train it, until `remove`.

    before(args, kwargs): called before such a call, with its arguments. after(output): called with what it
    returned, before the backward pass. Calls in evaluation mode or without gradients (evaluation, statistics
    of normalisation layers) are passed over. torch.compile leaves the hooks out of what it compiles.
    """

    def __init__(
        self,
        model: Any,
        *,
        before: Callable[[tuple[Any, ...], dict[str, Any]], None] | None = None,
        after: Callable[[Any], None] | None = None,
    ) -> None:
        self._handles: list[Any] = []

        def on_call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if before is not None and _trains(module):
                before(args, kwargs)

        def on_output(module: Any, args: tuple[Any, ...], output: Any) -> None:
            if after is not None and _trains(module):
                after(output)

        if before is not None:
            self._handles.append(model.register_forward_pre_hook(_not_compiled(on_call), with_kwargs=True))
        if after is not None:
            self._handles.append(model.register_forward_hook(_not_compiled(on_output)))

    def remove(self) -> None:
        """Remove the hooks."""
        while self._handles:
            self._handles.pop().remove()


def _trains(module: Any) -> bool:
    return bool(module.training) and bool(sys.modules["torch"].is_grad_enabled())


def _not_compiled(function: Callable[..., None]) -> Callable[..., None]:
    disable = getattr(getattr(sys.modules["torch"], "compiler", None), "disable", None)
    return function if disable is None else disable(function)
