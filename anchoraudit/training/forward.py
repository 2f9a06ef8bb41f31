"""Hooks on a model's call: they see the batch before the network, and the loss before the backward pass."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

# What stands in a copy of the model in place of a hook: `min` of None, for which `callable` is False, and of
# whatever the hook is called with, is the first of the least, which is None. It is made of builtins alone, so
# that a model that was saved within a training loop is loaded where this package is not installed.
_NOTHING: Callable[..., None] = partial(min, None, key=callable)


class ForwardHooks:
    """Hooks on the calls of a model that train it, until `remove`.

    before(args, kwargs): called before such a call, with its arguments. after(output): called with what it
    returned, before the backward pass. Calls in evaluation mode or without gradients (evaluation, a teacher,
    statistics of normalisation layers) are passed over. torch.compile leaves the hooks out of what it
    compiles. Copies of the model, in memory or in a file, do not have them.
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
            self._handles.append(model.register_forward_pre_hook(_Hook(on_call), with_kwargs=True))
        if after is not None:
            self._handles.append(model.register_forward_hook(_Hook(on_output)))

    def remove(self) -> None:
        """Remove the hooks."""
        while self._handles:
            self._handles.pop().remove()


class _Hook:
    """A hook that copies of the model do not take with them."""

    def __init__(self, function: Callable[..., None]) -> None:
        disable = getattr(getattr(sys.modules.get("torch"), "compiler", None), "disable", None)
        self._function: Callable[..., None] = function if disable is None else disable(function)

    def __call__(self, *given: Any) -> None:
        self._function(*given)

    def __reduce__(self) -> tuple[Any, ...]:
        return _NOTHING.__reduce__()  # type: ignore[return-value]


def _trains(module: Any) -> bool:
    torch = sys.modules.get("torch")
    return bool(getattr(module, "training", True)) and (torch is None or bool(torch.is_grad_enabled()))
