"""Finds the folders of a Pascal VOC data set: those of XML files, images and split lists."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from anchoraudit.images.found import IMAGE_FOLDERS, holds_annotations, is_image_name
from anchoraudit.io.files import os_reason, read_head
from anchoraudit.io.folders import folders_in
from anchoraudit.io.left_behind import is_left_behind

# In order of preference; names are compared in lower case.
_XML_FOLDERS = ("annotations", "annotations/xmls", "annotation", "xmls", "xml", "labels")
_LIST_FOLDERS = ("imagesets/main", "imagesets")
_YEAR = re.compile(r"VOC(19|20)\d\d", re.IGNORECASE)
_SPLITS = frozenset(["train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"])
# The root element is in the first bytes of a file. Three files are looked at, in case one is broken.
_PEEKED_FILES, _PEEKED_BYTES = 3, 4096
_PEEKED_MORE = 20  # before XML files are taken to be something else
_COMPARED = 200  # annotations whose names are compared with those of images, where folders have other names
# The root element, with or without a namespace. CVAT's root is <annotations>, which must not match.
_ANNOTATION = re.compile(rb"<(?:[\w.-]+:)?annotation[\s/>]")
_LOOSELY = re.compile(rb"annotation")
# The first element, behind a declaration, comments and a doctype. A web page was saved in place of a file.
_ROOT = re.compile(
    rb"(?>\s*(?:<\?.*?\?>|<!--.*?-->|<![^>\[]*>))*+\s*<(?!html\b)([A-Za-z_][\w.:-]*)[\s/>]", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of annotations, with its images and split lists.

    images: the folder of images, None if there is none.
    lists: the folder of split lists, None if there is none.
    name: distinguishes the part from others (`VOC2007`, `train`), "" if it is the only one.
    is_split: the whole part is one split.
    """

    root: Path
    annotations: Path
    images: Path | None
    lists: Path | None
    name: str = ""
    is_split: bool = False


def find_parts(path: Path) -> list[Part]:
    """Return the parts of the data set at `path`, sorted by name; [] if there is no data set.

    Raises OSError if a folder of annotations exists but cannot be listed.
    """
    if not path.is_dir():
        return []
    if whole := _whole(path) or _years(path) or _paired(path):
        return whole
    if _has(path, is_xml):
        # `path` is the folder of annotations itself: its images and lists are beside it.
        beside = _whole(path.parent) if path.name.lower() in _XML_FOLDERS else []
        if beside and beside[0].annotations == path:
            return beside
        if beside := [part for part in _paired(path.parent) if part.annotations == path]:
            return beside
        images = _image_folder(path, path, above=holds_annotations(path.name))
        return [Part(path, path, images, None)]
    return _splits(path)


def is_xml(name: str) -> bool:
    """Tell whether a file is an annotation, by its suffix."""
    return name[-4:].lower() == ".xml"


def list_xml(folder: Path) -> dict[str, str | None]:
    """Return the sorted names of XML files in `folder`, each with None, or the reason if it is not a file."""
    with os.scandir(folder) as entries:
        documents = (e for e in entries if is_xml(e.name) and not is_left_behind(folder, e.name))
        found = sorted(documents, key=lambda entry: entry.name)
    return {e.name: None if _is_file(e) else os_reason(e.path) for e in found}


def _is_file(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a loop of links
        return entry.is_file()
    return False


def _whole(root: Path) -> list[Part]:
    """Return the only part of `root`: a folder of annotations beside a folder of images."""
    folders = folders_in(root)
    for name in _XML_FOLDERS:
        for folder in _below(folders, name):
            if _has(folder, is_xml, may_fail=False):
                images = _image_folder(root, folder)
                # The other names are common in all kinds of data sets. They count only beside a folder of
                # images.
                if images is None and name != _XML_FOLDERS[0]:
                    continue
                lists = (f for listed in _LIST_FOLDERS for f in _below(folders, listed))
                return [Part(root, folder, images, next((f for f in lists if _has(f, is_list)), None))]
    return []


def _paired(root: Path) -> list[Part]:
    """Return the only part of `root` by its files: one folder of annotations, and one of their images.

    The names of the folders do not count. Files belong together if they have the same stems.
    """
    folders = folders_in(root)
    annotated = [f for f in folders if _has(f, is_xml) and not _has(f, _is_image) and is_annotated(f)]
    if len(annotated) != 1:
        return []
    (folder,) = annotated
    images = _by_stems(folder, [*_usual(folders), root, *(other for other in folders if other != folder)])
    if images is None:
        return []
    lists = (f for listed in _LIST_FOLDERS for f in _below(folders, listed))
    return [Part(root, folder, images, next((f for f in lists if _has(f, is_list)), None))]


def _by_stems(annotations: Path, folders: Iterable[Path]) -> Path | None:
    """Return the first of `folders` with an image of one of the first annotations; None without one."""
    stems = {name[:-4] for name in _first_names(annotations, is_xml)}

    def is_of_one(name: str) -> bool:
        return name.rpartition(".")[0] in stems and _is_image(name)

    return next((folder for folder in folders if _has(folder, is_of_one)), None)


def _first_names(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return list(islice((entry.name for entry in entries if wanted(entry.name)), _COMPARED))
    return []


def _years(root: Path) -> list[Part]:
    """Return the years of a VOCdevkit: below `root`, or below `root/VOCdevkit`."""
    for kit in (root, *_below(folders_in(root), "vocdevkit")):
        any_name = kit.name.lower() == "vocdevkit"
        folders = [f for f in folders_in(kit) if any_name or _YEAR.fullmatch(f.name)]
        parts = [replace(part, name=f.name) for f in folders for part in _whole(f)]
        if parts:
            return parts if len(parts) > 1 else [replace(parts[0], name="")]
    return []


def _splits(root: Path) -> list[Part]:
    """Return the sub-folders that hold XML files, or that are named like splits and hold a data set."""
    parts = []
    for folder in folders_in(root):
        if _has(folder, is_xml):
            if _has(folder, _is_image) or is_annotated(folder, _LOOSELY):
                images = _image_folder(folder, folder, above=True)
                parts.append(Part(folder, folder, images, None, folder.name, is_split=True))
        elif folder.name.lower() in _SPLITS:
            parts += [replace(p, name=folder.name, lists=None, is_split=True) for p in _whole(folder)]
    return parts


def _image_folder(root: Path, annotations: Path, *, above: bool = False) -> Path | None:
    """Find the images: in a folder of a usual name, else beside the annotations, else in `root`.

    If there are none, they are in the folder of any name in `root` that has files of their stems. above: or
    beside `root`, where that is a part of the data set. Beside all of it are others, which may have such
    files, too.
    """
    folders = folders_in(root)
    usual = _usual(folders)
    candidates = [*usual, annotations, root]
    found = next((folder for folder in candidates if _has(folder, _is_image)), None)
    if found is None:
        beside = folders_in(root.parent) if above else []
        outside = [*_usual(beside), root.parent, *beside] if above else []
        found = _by_stems(annotations, [*folders, *outside])
    return found or next(iter(usual), None)


def _usual(folders: list[Path]) -> list[Path]:
    return [folder for name in IMAGE_FOLDERS for folder in _below(folders, name.lower())]


def _below(folders: list[Path], name: str) -> Iterator[Path]:
    """Yield folders whose path in lower case is `name`. It begins with the name of one of `folders`."""
    first, _, rest = name.partition("/")
    for folder in folders:
        if folder.name.lower() == first:
            yield from _below(folders_in(folder), rest) if rest else (folder,)


def _is_image(name: str) -> bool:
    return not is_xml(name) and is_image_name(name)  # most names end in .xml, and that test is faster


def is_list(name: str) -> bool:
    """Tell whether a file is a split list, by its suffix."""
    return name[-4:].lower() == ".txt"


def _has(folder: Path, wanted: Callable[[str], bool], *, may_fail: bool = True) -> bool:
    """Tell whether `folder` holds a wanted name.

    may_fail: return False if the folder cannot be listed; otherwise OSError is raised.
    """
    with suppress(*([OSError] if may_fail else [])), os.scandir(folder) as entries:
        return any(wanted(entry.name) and not is_left_behind(folder, entry.name) for entry in entries)
    return False


def is_annotated(folder: Path, element: re.Pattern[bytes] = _ANNOTATION) -> bool:
    """Tell whether one of the first XML files in `folder` has the root element of an annotation."""
    with suppress(OSError), os.scandir(folder) as entries:
        documents = (e for e in entries if is_xml(e.name) and not is_left_behind(folder, e.name))
        for entry in islice(filter(_is_file, documents), _PEEKED_FILES):
            if element.search(read_head(entry.path, _PEEKED_BYTES).replace(b"\0", b"")):
                return True
    return False


def is_of_others(folder: Path) -> bool:
    """Tell whether the first XML files in `folder` are something else, each with another root element.

    A file without a root element is broken, and may have been an annotation.
    """
    roots: list[bytes] = []
    with suppress(OSError), os.scandir(folder) as entries:
        documents = (e for e in entries if is_xml(e.name) and not is_left_behind(folder, e.name))
        for entry in islice(filter(_is_file, documents), _PEEKED_MORE):
            head = read_head(entry.path, _PEEKED_BYTES).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
            root = _ROOT.match(head)
            if root is None or root[1].rpartition(b":")[2].lower() == b"annotation":
                return False
            roots.append(root[1])
    return bool(roots)


def count_xml(folder: Path) -> int:
    """Return how many XML files are directly in `folder`; 0 if it cannot be listed."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sum(is_xml(entry.name) and not is_left_behind(folder, entry.name) for entry in entries)
    return 0
