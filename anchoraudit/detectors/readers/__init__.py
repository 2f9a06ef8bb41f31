"""Readers of detector files: one module each, found by itself.

A reader module has four names, and adding one adds the kind of file:

SUFFIXES: the file suffixes it may have, lower case, with the dot.
LOOKS_FOR: what it knows, in one line, for the message when nothing was recognised.
detect(path, text) -> bool: whether the text is of this kind; called for those suffixes, and cheap.
read(path, text, assume) -> Detector: what it describes, or AnchorauditError with file and line. A class that
    the framework does not have is taken for one that it has only through `assume`, on the user's word.

Modules without SUFFIXES, and those whose name starts with an underscore, are helpers. Nothing of a user's
file is ever executed: it is parsed, and what cannot be resolved by parsing is named in an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._files import read_text
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector


class Reader(Protocol):
    """What a reader module offers."""

    SUFFIXES: tuple[str, ...]
    LOOKS_FOR: str

    def detect(self, path: Path, text: str) -> bool:
        """Tell whether `text` is of this kind."""
        ...

    def read(self, path: Path, text: str, assume: Assume) -> Detector:
        """Read it."""
        ...


def readers() -> list[Reader]:
    """Every reader of this package, by name."""
    modules = [load_module(__name__, name) for name in module_names(__name__)]
    return [cast(Reader, module) for module in modules if hasattr(module, "SUFFIXES")]


def suffixes() -> set[str]:
    """Suffixes that a detector file can have."""
    return {suffix for reader in readers() for suffix in reader.SUFFIXES}


def kinds() -> str:
    """What can be read, in a sentence."""
    return "; ".join(reader.LOOKS_FOR for reader in readers())


def read_detector(path: Path, *, assume_standard: bool = False) -> Detector:
    """Read the detector that a file describes.

    assume_standard: classes of the user's own keep the anchors and the matching of their framework's; the
    detector's name and notes say so.

    Raises AnchorauditError if it is of no kind that is known, or describes no detector.
    """
    text = read_text(path)
    assume = Assume(assume_standard)
    known = [reader for reader in readers() if path.suffix.lower() in reader.SUFFIXES]
    try:
        for reader in known:
            if reader.detect(path, text):
                return assume.mark(reader.read(path, text, assume))
    except RecursionError:
        raise AnchorauditError(
            "nested too deeply to be a detector", path=path, remedy="Mend the file."
        ) from None
    except (ValueError, OverflowError) as error:
        raise AnchorauditError(
            str(error), path=path, remedy="See the detector file formats in docs/detectors.md."
        ) from None
    raise AnchorauditError("no detector file of a known kind", path=path, remedy=f"Known are: {kinds()}.")
