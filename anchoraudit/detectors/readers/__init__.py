"""Readers of detector files: one module for each kind of file, found by itself.

A reader module defines four names:

SUFFIXES: the suffixes of such files, lower case, with the dot.
LOOKS_FOR: the kind of file in one line, for the message about an unknown file.
detect(path, text) -> bool: tell quickly whether the text is of this kind. Called only for these suffixes.
read(path, text, assume) -> Detector: read the detector, or raise AnchorauditError with file and line. For a
    class that the framework does not have, `assume` raises an error, or notes the user's assumption.

A reader whose files say something of classes has a fifth name:

classes(path, text) -> Stated: what the file says of classes, even if its detector cannot be replayed.

A reader whose framework has names of its own for models and for their files has another:

named(name, assume) -> Detector | None: the detector of that name, None if it is none of the framework's. A
    file that is there is read instead, unless its name is all that can be known of it.

A reader of files whose suffix says little may name them:

FILES: the names that its files usually have. Beside a data set, others of its suffixes are not looked at.

Modules without SUFFIXES, and those whose name starts with an underscore, are helpers. A reader parses a
user's file and never executes it. If a value is needed that parsing does not give, an error names it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._files import read_text
from anchoraudit.detectors.readers._stated import Stated
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names, stated

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector


class Reader(Protocol):
    """The interface of a reader module."""

    SUFFIXES: tuple[str, ...]
    LOOKS_FOR: str

    def detect(self, path: Path, text: str) -> bool:
        """Tell whether a file with this text is of this kind."""
        ...

    def read(self, path: Path, text: str, assume: Assume) -> Detector:
        """Read the detector that the text describes."""
        ...


def readers(suffix: str | None = None) -> tuple[Reader, ...]:
    """Return all readers, or those of files with a suffix, sorted by name. No others are imported."""
    return _readers_of(suffix, tuple(__path__))


@cache  # asked for each of the files beside a data set
def _readers_of(suffix: str | None, path: tuple[str, ...]) -> tuple[Reader, ...]:
    """Return the same. path: of this package, to which a plugin may add a folder."""
    names = [
        name
        for name in module_names(__name__)
        if suffix is None or suffix in (stated(__name__, name, "SUFFIXES") or (suffix,))
    ]
    modules = (load_module(__name__, name) for name in names)
    found = [cast(Reader, module) for module in modules if hasattr(module, "SUFFIXES")]
    return tuple(reader for reader in found if suffix is None or suffix in reader.SUFFIXES)


def usual_files() -> tuple[set[str], set[str]]:
    """Return the names of files that readers take, and the suffixes of those that may have any name.

    No reader is imported that states them.
    """
    names: set[str] = set()
    suffixes: set[str] = set()
    for name in module_names(__name__):
        if stated(__name__, name, "SUFFIXES") is None:
            load_module(__name__, name)
        own = stated(__name__, name, "FILES")
        names.update(own or ())
        suffixes.update((not own and stated(__name__, name, "SUFFIXES")) or ())
    return names, suffixes


def suffixes() -> set[str]:
    """Return the suffixes that a detector file can have."""
    return {suffix for reader in readers() for suffix in reader.SUFFIXES}


def kinds() -> str:
    """Return the kinds of files that can be read, as one text."""
    return "; ".join(reader.LOOKS_FOR for reader in readers())


def reader_of(path: Path, text: str) -> Reader | None:
    """Return the reader that takes a file with this text; None if there is none."""
    return next((reader for reader in readers(path.suffix.lower()) if reader.detect(path, text)), None)


def stated_classes(path: Path, text: str) -> Stated | None:
    """Return what a detector file says of classes; None if no reader takes it, or its kind says nothing.

    The detector itself may be one that is not replayed. Raises AnchorauditError if the file is broken.
    """
    of_classes = getattr(reader_of(path, text), "classes", None)
    return None if of_classes is None else cast(Stated, of_classes(path, text))


def detector_named(name: str, *, assume_standard: bool = False) -> Detector | None:
    """Return the detector that a framework itself has under a name; None if there is none.

    Raises AnchorauditError if a framework has that name for a model that is not replayed.
    """
    assume = Assume(assume_standard)
    known = (getattr(reader, "named", None) for reader in readers())
    found = (named(name, assume) for named in known if named is not None)
    detector = next((one for one in found if one is not None), None)
    return None if detector is None else assume.mark(cast("Detector", detector))


def is_named(name: str) -> bool:
    """Tell whether a framework itself has this name for a model, replayed or not."""
    try:
        return detector_named(name) is not None
    except AnchorauditError:
        return True


def read_detector(path: Path, *, assume_standard: bool = False) -> Detector:
    """Read the detector that a file describes; see `load_detector`.

    Raises AnchorauditError if the kind of file is unknown, or if it cannot be read as a detector.
    """
    text = read_text(path)
    assume = Assume(assume_standard)
    try:
        if (reader := reader_of(path, text)) is not None:
            return assume.mark(reader.read(path, text, assume))
    except RecursionError:
        raise AnchorauditError(
            "nested too deeply for a detector file", path=path, remedy="Nest it less deeply."
        ) from None
    except (ValueError, OverflowError) as error:
        raise AnchorauditError(
            str(error), path=path, remedy="See the detector file formats in docs/detectors.md."
        ) from None
    raise AnchorauditError("unknown kind of detector file", path=path, remedy=f"Give one of: {kinds()}.")
