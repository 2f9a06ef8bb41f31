"""Gradients that are not finite, looked for before an optimiser's step."""

from __future__ import annotations

from typing import Any

_NAMES = 8  # names of parameters that a message may need


def not_finite_gradients(optimiser: Any, model: Any) -> list[str]:
    """Return the names of parameters whose gradients are not finite, a few of them; [] if all are.

    One number is taken from the device: the sum of the sums, in float32 at least.
    """
    total: Any = 0.0
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                total = total + _sum(parameter.grad)
    number = float(total)
    if number - number == 0.0:  # neither NaN nor infinite
        return []
    found = []
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            own = float(_sum(parameter.grad))
            if own - own != 0.0:
                found.append(name)
    return found[:_NAMES]


def _sum(gradient: Any) -> Any:
    gradient = gradient.detach()
    # The sum of many float16 can be beyond their range, though all are finite.
    return (gradient.float() if "16" in str(gradient.dtype) else gradient).sum()
