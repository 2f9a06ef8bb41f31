"""Finds image files below a folder by what annotations call them, whatever folders they name.

Annotations often have the path of another machine, or of a folder that was renamed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.images.found import is_image_name
from anchoraudit.io.folders import walk


class ImagesBelow:
    """The image files below a folder. It is listed when the first one is looked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_name: dict[str, list[str]] | None = None
        self._by_stem: dict[str, list[str]] = {}

    def find(self, name: str, near: str = "") -> str:
        """Return the path of an image below the folder, with `/`; "" if there is none, or several may be it.

        Of the files with this name, the one is taken whose folders agree with most of the last folders of
        `name`; of equal ones, the one that shares most of its first folders with `near`. If there is no such
        file, its suffix is ignored.

        name: what the annotations say, with `/`. near: the folder of the annotations, below the same folder.
        """
        by_name = self._listed()
        *folders, base = name.split("/")
        if candidates := by_name.get(base):
            return _best(candidates, folders, near)
        return _best(self._by_stem.get(_stem(base), []), folders, near)

    def _listed(self) -> dict[str, list[str]]:
        if self._by_name is None:
            self._by_name = {}
            for path in _images(self._root):
                base = path.rpartition("/")[2]
                self._by_name.setdefault(base, []).append(path)
                self._by_stem.setdefault(_stem(base), []).append(path)
        return self._by_name


def _images(root: Path) -> Iterator[str]:
    with suppress(AnchorauditError):  # too many other files: those met so far are looked at
        for below, names in walk(root, is_image_name):
            yield from (f"{below}/{name}" if below else name for name in names if is_image_name(name))


def _best(candidates: Sequence[str], folders: Sequence[str], near: str) -> str:
    """Return the only candidate that agrees best, "" if there are none or several."""
    if len(candidates) < 2:
        return "".join(candidates)
    around = near.split("/") if near else []
    own = [path.split("/")[:-1] for path in candidates]
    scores = [(_common(each[::-1], folders[::-1]), _common(each, around)) for each in own]
    best = max(scores)
    return candidates[scores.index(best)] if scores.count(best) == 1 else ""


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many elements two lists have in common at their beginning."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _stem(name: str) -> str:
    return name.rpartition(".")[0] if is_image_name(name) else name
