"""Finds image files below a folder by what annotations call them, whatever folders they name.

Annotations often have the path of another machine, or of a folder that was renamed since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.images.found import Found, is_image_name
from anchoraudit.io.addresses import Address
from anchoraudit.io.folders import walk

_SPLITS = frozenset(
    [
        "train",
        "training",
        "val",
        "valid",
        "validation",
        "test",
        "testing",
        "dev",
        "eval",
        "minival",
        "trainval",
    ]
)


def split_in(name: str) -> str:
    """Return the split that the name of a folder or file says, in small letters; "" if none, or several.

    >>> split_in("train2017"), split_in("via_Test"), split_in("trained"), split_in("train_and_val")
    ('train', 'test', '', '')
    """
    found = [word for word in re.split(r"[\W_\d]+", name.lower()) if word in _SPLITS]
    return found[0] if len(found) == 1 else ""


class ImagesBelow:
    """The image files below a folder. It is listed when the first one is looked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_name: dict[str, list[str]] | None = None
        self._by_stem: dict[str, list[str]] = {}

    def find(self, name: str, near: str = "", split: str = "") -> str:
        """Return the path of an image below the folder, with `/`; "" if there is none, or several may be it.

        Of the files with this name, the one is taken whose folders agree with most of the last folders of
        `name`; of equal ones, the one that shares most of its first folders with `near`. If there is no such
        file, its suffix is ignored. A folder of another split than `split` holds none of its images.

        name: what the annotations say, with `/`. near: the folder of the annotations, below the same folder.
        """
        by_name = self._listed()
        *folders, base = name.split("/")
        for candidates in (by_name.get(base, []), self._by_stem.get(_stem(base), [])):
            if own := [path for path in candidates if not split or _may_be_of(path, split)]:
                return _best(own, folders, near)
        return ""

    def _listed(self) -> dict[str, list[str]]:
        if self._by_name is None:
            self._by_name = {}
            for path in _images(self._root):
                base = path.rpartition("/")[2]
                self._by_name.setdefault(base, []).append(path)
                self._by_stem.setdefault(_stem(base), []).append(path)
        return self._by_name


def found_below(folder: Path, names: Sequence[str], split: str = "") -> Found:
    """Find images anywhere below a folder. names: N, as the annotations say. split: as of `ImagesBelow`."""
    if isinstance(folder, Address):
        return Found(None, list(names), [False] * len(names))
    below = ImagesBelow(folder)
    paths = [below.find(name.replace("\\", "/"), "", split) for name in names]
    found = [path or name for path, name in zip(paths, names, strict=True)]
    return Found(folder if any(paths) else None, found, [bool(path) for path in paths])


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


def _may_be_of(path: str, split: str) -> bool:
    return {*map(split_in, path.split("/")[:-1])} <= {"", split}


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
