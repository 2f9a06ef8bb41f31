"""Where the images of an annotation file are that only names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anchoraudit.dataset import safe_join
from anchoraudit.files import name_parts
from anchoraudit.formats._images import list_images

_SAMPLE = 8  # names by which a folder is told


@dataclass(frozen=True, slots=True)
class Near:
    """folder: of the images, None if nowhere. names: below it, one for each name asked for.

    there: whether each is a file in it.
    """

    folder: Path | None
    names: list[str]
    there: list[bool]


def usual_folders(file: Path, split: str) -> list[Path]:
    """The folders in which the images of the annotation file `file` usually are."""
    here, root = file.parent, file.parent.parent
    names = [here, here / split, here / "images" / split, here / "images", here / "JPEGImages"]
    names += [root / split, root / "images" / split, root / split / "images", root / "images"]
    return list(dict.fromkeys([*names, root / "JPEGImages", root]))


def find_images(names: Sequence[str], folders: Iterable[Path]) -> Near:
    """Find the images `names` in the first of `folders` that has some.

    As they stand; else without their first folders, since files are moved and tables are not; else by stem,
    where names have no suffix. A name that leads out of the folder is never followed.
    """
    plain = [
        "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        for name in names
    ]
    candidates = list(folders)
    sample = [*plain[:_SAMPLE], *plain[len(plain) // 2 :][:_SAMPLE], *plain[-_SAMPLE:]]
    deepest = max((name.count("/") for name in sample), default=0)
    for cut in range(deepest + 1):
        for folder in candidates:
            if any(safe_join(folder, _without(name, cut)) for name in sample):
                return _in(folder, [_without(name, cut) for name in plain])
    for folder in candidates:
        stems = {name.rpartition(".")[0]: name for name in reversed(list_images(folder))}
        if any(name in stems for name in sample):
            return _in(folder, [stems.get(name, name) for name in plain])
    return Near(None, list(names), [False] * len(names))


def _without(name: str, folders: int) -> str:
    """A name without its first folders; the last part stays."""
    parts = name.split("/")
    return "/".join(parts[min(folders, len(parts) - 1) :])


def _in(folder: Path, names: list[str]) -> Near:
    listed: dict[str, frozenset[str]] = {}
    there = []
    for name in names:
        below, base = name_parts(name)
        if below not in listed:
            leads_out = ".." in below.split("/")
            listed[below] = frozenset([] if leads_out or "\0" in below else list_images(folder / below))
        there.append(base in listed[below])
    return Near(folder, names, there)
