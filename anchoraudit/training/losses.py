"""The losses in what a model or a loop hands over: numbers, tensors, dicts of them, outputs of a model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

_MOST = 64  # values that are looked at; what has more is no set of losses


def not_finite(value: Any) -> dict[str, float]:
    """Return the losses that are not finite, by name; {} if all are, or if there is no loss in it.

    value: a number; a tensor of one number; a dict of these; an object with `loss`; a tuple or list of these,
    as Ultralytics' `(loss, items)`. All other things are passed over.
    """
    found = {name: number for name, number in _scalars(value, "loss") if not math.isfinite(number)}
    return dict(list(found.items())[:_MOST])


def has_loss(value: Any) -> bool:
    """Tell whether there is a loss in it."""
    return next(_scalars(value, "loss"), None) is not None


def describe(losses: Mapping[str, float]) -> str:
    """Write losses as text: `loss_classifier nan, loss_box_reg inf`."""
    return ", ".join(f"{name} {number:g}" for name, number in losses.items())


def _scalars(value: Any, name: str, depth: int = 3) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool) or value is None or depth < 0:
        return
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, Mapping) and "loss" in value:
        yield from _scalars(value["loss"], "loss", depth - 1)
    elif isinstance(value, Mapping):
        # A dict of losses has nothing else; one of predictions has tensors of many numbers, or lists.
        if value and all(_is_scalar(one) for one in value.values()):
            for key, one in value.items():
                yield from _scalars(one, str(key), depth - 1)
    elif _is_scalar(value):
        yield name, _number(value)
    elif getattr(value, "loss", None) is not None:
        yield from _scalars(value.loss, "loss", depth - 1)
    elif _is_vector(value):  # Ultralytics' loss has one number for each part
        yield name, _number(value.sum())
    elif isinstance(value, tuple) and value:
        yield from _scalars(value[0], name, depth - 1)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, int | float):
        return True
    shape = getattr(value, "shape", None)
    return shape is not None and hasattr(value, "item") and math.prod(shape) == 1


def _is_vector(value: Any) -> bool:
    shape = getattr(value, "shape", None)
    return shape is not None and hasattr(value, "sum") and len(shape) == 1 and 1 < math.prod(shape) <= _MOST


def _number(value: Any) -> float:
    value = value.detach() if hasattr(value, "detach") else value
    return float(value.item() if hasattr(value, "item") else value)
