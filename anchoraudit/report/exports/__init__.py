"""The flagged images as files that other programs import, with their verdicts and causes as tags.

One module a program, found by itself. Adding a module adds the program to `anchoraudit export`. It defines:

NAME: the value of `--to`, which is also the module's name.
HOW: how the program imports the files, in a sentence; `{folder}` stands for the folder.
WITHOUT_SIZE: what is left out of an image of unknown size: "nothing"; its "boxes", where they are written
as shares
    of the image; or the "image" itself.
files(flagged) -> dict of str to iterator of str: the files by name, each in pieces.

Inputs are never changed, and no image is copied: the files name the images where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names

if TYPE_CHECKING:
    from anchoraudit.report.exports._flagged import Flagged, LeftOut


class Target(Protocol):
    """What the module of a program defines."""

    NAME: str
    HOW: str
    WITHOUT_SIZE: LeftOut

    def files(self, flagged: Flagged) -> dict[str, Iterator[str]]:
        """Return the files by name, each in pieces."""
        ...


def target_names() -> list[str]:
    """Return the names of all programs, without importing their modules.

    >>> target_names()
    ['coco', 'cvat', 'fiftyone', 'labelstudio']
    """
    return module_names(__name__)


def target_of(name: str) -> Target:
    """Return what writes for a program. Raises AnchorauditError for an unknown name."""
    if name not in target_names():
        raise AnchorauditError(
            f"cannot export to {name!r}", remedy=f"Choose one of: {', '.join(target_names())}."
        )
    return cast(Target, load_module(__name__, name))
