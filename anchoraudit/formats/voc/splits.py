"""Reads split lists, the files of ImageSets/Main."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.voc.layout import is_list, is_xml
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import decode_names, os_reason, read_bytes
from anchoraudit.io.unchanged import note

# An image in two lists belongs to the first of these. Other names come after them, in order of their names.
_PREFERRED = ("train", "training", "val", "valid", "validation", "test", "testing")
_LINES_TO_TELL = 50  # first lines of a list that show whether it is a list of a class


@dataclass(frozen=True, slots=True)
class SplitList:
    """One list.

    lines: the stems it names, each with its line, from 1.
    combined: the list combines others, as trainval does, so it is not a split of its own.
    """

    name: str
    path: Path
    lines: dict[str, int]
    combined: bool = False


def read_lists(folder: Path, known: Collection[str]) -> tuple[list[SplitList], list[Finding]]:
    """Return the split lists in `folder`, in order of preference, and findings for those that cannot be read.

    known: the stems of all annotations and images. Lists of a class (`000012 -1`) are left out.
    """
    lists: list[SplitList] = []
    findings: list[Finding] = []
    for name in _files(folder):
        path = folder / name
        try:
            data = read_bytes(path)
        except OSError as error:
            findings.append(Finding("PAR001", os_reason(str(path), error), str(path)))
            continue
        if (stems := _stems(decode_names(data), known)) is not None:
            note(path, data)
            lists.append(SplitList(name[:-4], path, stems))
    lists.sort(key=lambda split: preference(split.name))
    return _combined_marked(lists), findings


def _files(folder: Path) -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if is_list(entry.name) and entry.name[:-4])
    return []


def _stems(text: str, known: Collection[str]) -> dict[str, int] | None:
    """Return each stem with the line that names it first; None for a list of a class."""
    # Not splitlines(), which would also split names at control characters.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = [bare for line in text.split("\n", _LINES_TO_TELL)[:_LINES_TO_TELL] if (bare := line.strip())]
    if head and all(_of_class(line) and _stem(line, known) not in known for line in head):
        return None
    stems: dict[str, int] = {}
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if line:
            stems.setdefault(line if line in known else _stem(line, known), number)
    return stems


def _of_class(line: str) -> bool:
    words = line.rsplit(None, 1)
    return len(words) == 2 and words[1] in {"-1", "0", "1"}


def _stem(line: str, known: Collection[str]) -> str:
    """Return the stem that a line means: without a suffix, and without folders if only that is known."""
    bare = os.path.splitext(line)[0] if is_image_name(line) or is_xml(line) else line  # noqa: PTH122
    if bare not in known:
        name = bare.replace("\\", "/").rpartition("/")[2]
        return name if name in known else bare
    return bare


def preference(name: str) -> tuple[int, str]:
    """Return the sort key of a split's name: train, val, test, then all others by name."""
    lower = name.lower()
    return (_PREFERRED.index(lower) if lower in _PREFERRED else len(_PREFERRED), name)


def _combined_marked(lists: Sequence[SplitList]) -> list[SplitList]:
    """Return the lists with `combined` set.

    A list is combined if it is the union of shorter lists. So is a list that equals train, val or test, such
    as trainval without a val. But if two of train, val and test are equal, neither is combined: their images
    are in two splits, which is reported.
    """
    sets = [frozenset(split.lines) for split in lists]
    distinct = set(sets) - {frozenset()}  # thousands of lists may be equal
    of_shorter = {whole: frozenset().union(*(s for s in distinct if s < whole)) for whole in distinct}
    usual = {whole for whole, split in zip(sets, lists, strict=True) if split.name.lower() in _PREFERRED}
    marked = []
    for whole, split in zip(sets, lists, strict=True):
        as_usual = whole in usual and split.name.lower() not in _PREFERRED
        combined = whole in distinct and (as_usual or of_shorter[whole] == whole)
        marked.append(SplitList(split.name, split.path, split.lines, combined))
    return marked
