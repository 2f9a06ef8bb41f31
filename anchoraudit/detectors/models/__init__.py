"""Readers of models and configurations in memory: one module for each framework, found by itself.

A module defines three names:

READS: what it reads, in a few words, for the message about an unknown object.
recognises(model) -> bool: tell quickly whether an object is of this framework. It may be any object at all.
read(model, assume) -> Detector: read the detector, or raise AnchorauditError. For a class that the framework
    does not have, `assume` raises an error, or notes the user's assumption.

Modules whose name starts with an underscore are helpers. A reader looks at attributes and imports no
framework: what is in memory has been imported by its owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from anchoraudit.detectors.models._inside import Found, detectors_inside, is_network, unwrapped
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector

_DO = "Or name a preset (`anchoraudit detectors` lists them), or write a detector file (docs/detectors.md)."


# What an object raises that is not as the framework makes it, or a block that does not take its values.
_OTHERWISE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class ModelReader(Protocol):
    """The interface of a module of this package."""

    READS: str

    def recognises(self, model: Any) -> bool:
        """Tell whether an object is a model or a configuration of this framework."""
        ...

    def read(self, model: Any, assume: Assume) -> Detector:
        """Read the detector of the object."""
        ...


def model_readers() -> list[ModelReader]:
    """Return all readers, sorted by name."""
    return [cast(ModelReader, load_module(__name__, name)) for name in module_names(__name__)]


def reader_of(model: Any) -> ModelReader | None:
    """Return the reader that takes this very object, not what is inside it; None if there is none."""
    return next((reader for reader in model_readers() if reader.recognises(model)), None)


def read_model(model: Any, *, assume_standard: bool = False) -> Detector:
    """Return the detector of a model or a configuration in memory.

    What wraps a model (DataParallel, DistributedDataParallel, torch.compile) is looked through. Of another
    object that has one detection model, such as a Lightning module, that one is read, and a note says so.

    Raises AnchorauditError if it is nothing that can be read, or if several models are inside.
    """
    bare = unwrapped(model)
    reader, note = reader_of(bare), ""
    if reader is None:
        found = _only_one(model, detectors_inside(bare, lambda one: reader_of(one) is not None))
        bare, reader = found.model, reader_of(found.model)
        note = f"Read of {type(model).__name__}: its {found.place}, a {type(bare).__name__}."
    assert reader is not None
    assume = Assume(assume_standard)
    try:
        detector = assume.mark(reader.read(bare, assume))
    except _OTHERWISE as error:
        raise AnchorauditError(
            f"{type(bare).__name__} cannot be read: {type(error).__name__}: {error}",
            remedy="It is not as its framework makes it. Name a preset, or write a detector file "
            "(docs/detectors.md).",
        ) from None
    return msgspec.structs.replace(detector, notes=(note, *detector.notes)) if note else detector


def _only_one(model: Any, found: list[Found]) -> Found:
    """Return the only model found inside an object; beside one model, configurations do not count."""
    kind = type(model).__name__
    networks = [one for one in found if is_network(one.model)]
    if len(networks) == 1:
        return networks[0]
    if not found:
        readable = "; ".join(reader.READS for reader in model_readers())
        raise AnchorauditError(
            f"{kind} is not a detector that can be read, and has none as an attribute",
            remedy=f"Give one of: {readable}. {_DO}",
        )
    if len(found) > 1:
        raise AnchorauditError(
            f"{kind} has {len(found)} detection models, so it is unknown which one is trained",
            details=[f"{one.place}: {type(one.model).__name__}" for one in found[:10]],
            remedy=f"Give one of them, such as Detector.from_model(model.{found[0].place}).",
        )
    return found[0]
