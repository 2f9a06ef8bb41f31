"""The images of one COCO file: their sizes, and their files on disk."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import (
    Note,
    Part,
    Where,
    complete_sizes,
    files_below,
    note_unchecked,
    unknown_size,
)
from anchoraudit.formats._repeats import role_of
from anchoraudit.formats.coco.entries import Entries
from anchoraudit.formats.coco.ids import id_column, repeated
from anchoraudit.images.found import are_present, folder_of, list_below, usual_folders
from anchoraudit.images.opened import measure
from anchoraudit.io.files import name_parts

_PARTS = re.compile(r"[/\\]")
_DEEPEST = 12  # first folders of a name that are left out; a name may have a thousand
OF_FILE = "IMG012"  # one finding for a file, with the numbers of its images


def add_images(part: Part, entries: Entries, other: Path | None) -> None:
    """Complete the sizes of the images of a part, and report problems of its images.

    other: the folder in which `folder_by_last_parts` finds them.
    """
    source = part.sources[0]
    path, folder = str(source.path), source.image_folder
    positions = range(len(part.ids)) if entries.image_positions is None else entries.image_positions
    part.findings += _repeated_ids(part, path, positions)
    if folder is None:
        absent = [False] * len(part.file_names)
        elsewhere = {} if other is None else _by_last_parts(other, part.file_names, absent)
        if not elsewhere:
            part.notes.append(note_unchecked(source.path, source.split, shown=source.path.name))
        part.findings += _elsewhere(part, other, elsewhere, positions, entries)
    else:
        present = are_present(folder, part.file_names)
        elsewhere = _by_last_parts(folder, part.file_names, present)
        part.findings += _elsewhere(part, folder, elsewhere, positions, entries)
        for i, name in enumerate(part.file_names):
            if not present[i] and i not in elsewhere:
                message = f"no image {name!r} in {folder}" if name else "the image has no file name"
                place = f"images[{positions[i]}].{entries.images.key_of(i)}"
                part.findings.append(Finding("IMG001", message, path, place, repr(name)))
    part.measured, unknown = complete_sizes(
        part.sizes,
        files_below(folder, part.file_names),
        lambda i: Where(path, f"images[{positions[i]}]"),
        unknown_size(part.ids, part.file_names),
        opened=part.opened,
    )
    part.findings += unknown


def folders_of(path: Path, split: str) -> list[Path]:
    """Return the usual folders of the images of a file, and those of the split that its name ends with.

    `zhiyuan_objv2_train.json` of Objects365 is beside `train/`, though its split has all of that name.
    """
    short = split.rpartition("_")[2]
    more = usual_folders(path, short) if short != split and role_of(short) else []
    return list(dict.fromkeys([*usual_folders(path, split), *more]))


def folder_by_last_parts(path: Path, split: str, names: Sequence[str]) -> Path | None:
    """Return a folder of an annotation file in which there are images of names without first folders.

    names: of the images; whole names were looked for already. None if there is no such folder.
    """
    every = "\n".join(names)
    below = list(map(_PARTS.split, names)) if "/" in every or "\\" in every else []
    folders: list[Path] | None = None
    for cut in range(1, min(max(map(len, below), default=0), _DEEPEST)):
        tails = ["/".join(parts[cut:]) for parts in below if len(parts) > cut and parts[cut - 1]]
        # To list folders for each of 10,000 files is slow.
        folders = folders_of(path, split) if folders is None else folders
        if tails and (found := folder_of(tails, path, split, folders)) is not None:
            return found
    return None


def led_elsewhere(folder: Path, names: Sequence[str]) -> dict[int, str]:
    """Return the last parts of names that lead to no image, where an image of the folder is called so."""
    return _by_last_parts(folder, names, are_present(folder, names))


def _by_last_parts(folder: Path, names: Sequence[str], present: Sequence[bool]) -> dict[int, str]:
    """Return the last parts of the names of absent images, where these lead to an image below the folder.

    As many parts as do: of `images/v1/patch8/a.jpg`, `v1/patch8/a.jpg`, then `patch8/a.jpg`, then `a.jpg`.
    """
    absent = {i: _PARTS.split(name) for i, name in enumerate(names) if not present[i]}
    lost = {i: parts for i, parts in absent.items() if any(parts[:-1]) and ".." not in parts}
    found: dict[int, str] = {}
    for cut in range(1, min(max(map(len, lost.values()), default=0), _DEEPEST)):
        tails = {i: "/".join(parts[cut:]) for i, parts in lost.items() if len(parts) > cut and i not in found}
        there = are_present(folder, list(tails.values()))
        found |= {i: tail for (i, tail), is_there in zip(tails.items(), there, strict=True) if is_there}
    return dict(sorted(found.items()))


def _elsewhere(
    part: Part,
    folder: Path | None,
    elsewhere: dict[int, str],
    positions: Sequence[int],
    entries: Entries,
) -> list[Finding]:
    """Return one finding for the images whose names do not lead to their files.

    elsewhere: by row, their names below the folder.
    """
    if not elsewhere:
        return []
    first = min(elsewhere)
    names = part.file_names[first], elsewhere[first]
    counts = len(elsewhere), len(part.file_names)
    path, key = part.sources[0].path, entries.images.key_of(first)
    return [elsewhere_finding(path, folder, counts, positions[first], names, key=key)]


def elsewhere_finding(
    path: Path,
    folder: Path | None,
    counts: tuple[int, int],
    first: int,
    names: tuple[str, str],
    *,
    key: str,
) -> Finding:
    """Return the finding for names that do not lead to their files.

    counts: how many of how many images. first: the position of the first. names: its own, and the part that
    leads there. key: of the image's entry, which the name is of.
    """
    share = f"{counts[0]:,} of {counts[1]:,} images"
    there = f"{names[0]!r} is in {folder} as {names[1]!r}"
    message = f"`{key}` of {share} leads to no file: {there}"
    place = f"images[{first}].{key}"
    return Finding(OF_FILE, message, str(path), place, repr(names[0]), "file names")


def _repeated_ids(part: Part, path: str, positions: Sequence[int]) -> list[Finding]:
    found = []
    for row in repeated(id_column(part.ids)):
        identity, place = part.ids[row], f"images[{positions[row]}].id"
        words = f"image id {identity!r} was used before"
        found.append(Finding("SET001", words, path, place, repr(identity)))
    return found


def append_unlisted(part: Part, listed: Collection[str]) -> None:
    """Add the images on disk that are not among `listed`, as images without annotations."""
    source = part.sources[0]
    folder = source.image_folder
    if folder is None:
        return
    known = {"/".join(filter(None, name_parts(name))) for name in listed}
    prefixes = sorted({name.rpartition("/")[0] for name in known})
    found = [
        f"{prefix}/{name}" if prefix else name for prefix in prefixes for name in list_below(folder, prefix)
    ]
    names = [name for name in found if name not in known]
    sizes = measure([folder / name for name in names], part.opened)
    part.ids += names
    part.file_names += names
    part.sizes = np.concatenate([part.sizes, sizes])
    part.entry = np.append(np.asarray(part.entry), np.full(len(names), -1))
    part.measured = np.append(np.asarray(part.measured), np.ones(len(names), dtype=np.bool_))
    part.declared = np.concatenate([np.asarray(part.declared), np.full((len(names), 2), np.nan)])
    part.traits = np.append(np.asarray(part.traits), np.zeros(len(names), dtype=np.uint32))
    about, what = source.path.name, "image(s) on disk that no entry names"
    part.notes.append(Note(about, f"{about}: {len(names)} {what}", f"{what} are audited as blank"))
