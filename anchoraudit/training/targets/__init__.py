"""Forms in which training loops hand images and boxes to a network. One module each.

A module is found by itself. The file has the name of the form, with underscores for hyphens, and defines:

NAME: the name that users give as `targets`.
TITLE: in one line, what a batch of this form looks like.
RESIZED: True where images and boxes have been resized to the network's input before they are handed over;
False where the model resizes them itself.
recognises(batch) -> int: SURE, LIKELY, POSSIBLE, UNLIKELY or NO. It looks at types, keys and shapes, and at
the numbers of boxes where these tell forms apart, never at pixels. POSSIBLE: the batch fits, but would look
the same in another form, known or not; then the user is asked. UNLIKELY: types and shapes fit, but no box of
this form would have such numbers; a form that was named or recognised before still takes the batch.
read(batch) -> Fed: the images and boxes. It raises nothing for bad values: these are problems in the `Fed`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.training.fed import Fed

__all__ = [
    "LIKELY",
    "NO",
    "POSSIBLE",
    "SURE",
    "UNLIKELY",
    "Form",
    "Targets",
    "form_of",
    "forms_of",
    "how_sure",
    "named",
    "target_names",
]

# How sure a module is that a batch has its form.
NO, UNLIKELY, POSSIBLE, LIKELY, SURE = range(5)


class Form(Protocol):
    """The interface of a module."""

    NAME: str
    TITLE: str
    RESIZED: bool

    def recognises(self, batch: Any) -> int:
        """Say how sure it is that the batch has this form."""
        ...

    def read(self, batch: Any) -> Fed:
        """Return the images and boxes of a batch."""
        ...


Targets = str | Callable[[Any], Any] | None
"""What a user may give as `targets`: a name; a function that makes `(images, dicts)` of a batch, the dicts
with `boxes` in pixels and `labels` as torchvision has them; or None to recognise the form."""


def target_names() -> list[str]:
    """Return the names of all forms, sorted."""
    return sorted(name.replace("_", "-") for name in module_names(__name__))


def _forms() -> list[Form]:
    return [cast(Form, load_module(__name__, name.replace("-", "_"))) for name in target_names()]


def named(name: str) -> Form:
    """Return the form of a name.

    Raises AnchorauditError if there is none.
    """
    known = target_names()
    if not isinstance(name, str):
        raise AnchorauditError(
            f"`targets` is a value of type {type(name).__name__}",
            remedy=f"Give a function, or name one of: {', '.join(known)}.",
        )
    if name not in known:
        hint = did_you_mean(name, known)
        raise AnchorauditError(
            f"no form of targets is called {name!r}", remedy=f"{hint}Name one of: {', '.join(known)}."
        )
    return cast(Form, load_module(__name__, name.replace("-", "_")))


def form_of(batch: Any) -> Form:
    """Return the form of a batch.

    Raises AnchorauditError if no form fits, if several fit equally well, or if one does that is at most
    POSSIBLE. The message says what the batch looks like.
    """
    level, found = forms_of(batch)
    if len(found) > 1:
        names = " or ".join(f"targets={one.NAME!r}" for one in found)
        raise AnchorauditError(
            f"the targets of this batch have more than one possible form: {described(batch)}",
            remedy=f"Say which: {names}. {_each(found)}.",
        )
    if level <= POSSIBLE:
        (only,) = found
        raise AnchorauditError(
            f"the targets of this batch may have the form {only.NAME!r}, but others look the same: "
            f"{described(batch)}",
            remedy=f"If it is {only.TITLE}, say targets={only.NAME!r}. Else {_OWN}.",
        )
    return found[0]


def forms_of(batch: Any) -> tuple[int, list[Form]]:
    """Return the forms that fit a batch best, and how sure they are.

    Raises AnchorauditError if none fits.
    """
    sure = [(how_sure(one, batch), one) for one in _forms()]
    best = max(level for level, _ in sure)
    if best == NO:
        raise AnchorauditError(
            f"the targets of this batch are not recognised: {described(batch)}",
            remedy=f"{_OWN[0].upper()}{_OWN[1:]}. Forms that are recognised: "
            f"{', '.join(target_names())} (docs/training.md shows each).",
        )
    return best, [one for level, one in sure if level == best]


def how_sure(form: Form, batch: Any) -> int:
    """Say how sure a form is, NO where it stumbles over what another library hands over."""
    try:
        return form.recognises(batch)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return NO


_OWN = (
    "give a function as `targets` that makes (images, [{'boxes': [n, 4], 'labels': [n]}, ...]) of a batch, "
    "boxes as x1, y1, x2, y2 in pixels"
)


def _each(forms: list[Form]) -> str:
    return "; ".join(f"{one.NAME!r}, {one.TITLE}" for one in forms)


def described(batch: Any, depth: int = 2) -> str:
    """Say what a batch looks like, in one line, such as `tuple of 2 (list of 1; dict with boxes, labels)`."""
    if hasattr(batch, "shape") and hasattr(batch, "dtype"):
        dtype = str(batch.dtype).removeprefix("torch.")
        return f"{dtype} [{', '.join(str(int(side)) for side in batch.shape)}]"
    if hasattr(batch, "keys") and hasattr(batch, "__getitem__"):
        return f"{type(batch).__name__} with {', '.join(map(str, list(batch.keys())[:12])) or 'no keys'}"
    if isinstance(batch, list | tuple):
        kind = f"{type(batch).__name__} of {len(batch)}"
        if not batch or not depth:
            return kind
        if len({type(one) for one in batch}) == 1 and len(batch) > 4:
            return f"{kind}, each {described(batch[0], depth - 1)}"
        return f"{kind} ({'; '.join(described(one, depth - 1) for one in batch[:6])})"
    return f"a value of type {type(batch).__name__}"
