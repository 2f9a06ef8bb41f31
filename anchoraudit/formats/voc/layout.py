"""Where a Pascal VOC data set keeps its files: folders of XML, of images and of split lists."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from anchoraudit.images.found import IMAGE_FOLDERS, is_image_name
from anchoraudit.io.files import os_reason, read_head

# In order of preference; names are compared in lower case.
_XML_FOLDERS = ("annotations", "annotations/xmls", "annotation", "xmls", "xml", "labels")
_LIST_FOLDERS = ("imagesets/main", "imagesets")
_YEAR = re.compile(r"VOC(19|20)\d\d", re.IGNORECASE)
_SPLITS = frozenset(["train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"])
_PEEKED_FILES, _PEEKED_BYTES = 3, 4096
# The root element, in a namespace or not; CVAT's is <annotations>.
_ANNOTATION = re.compile(rb"<(?:[\w.-]+:)?annotation[\s/>]")
_LOOSELY = re.compile(rb"annotation")


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of annotations and what belongs to it.

    name: what tells it from other parts (`VOC2007`, `train`), "" if it is the only one. is_split: the
    part itself is a split. images: None if there is no folder of images. lists: None if there are none.
    """

    root: Path
    annotations: Path
    images: Path | None
    lists: Path | None
    name: str = ""
    is_split: bool = False


def find_parts(path: Path) -> list[Part]:
    """The parts of the data set at `path`, sorted by name; [] if it is none.

    Raises OSError if a folder of annotations is there but cannot be listed.
    """
    if not path.is_dir():
        return []
    if whole := _whole(path) or _years(path):
        return whole
    if _has(path, is_xml):
        # The folder of annotations itself was named: what belongs to it lies beside it.
        beside = _whole(path.parent) if path.name.lower() in _XML_FOLDERS else []
        if beside and beside[0].annotations == path:
            return beside
        return [Part(path, path, _image_folder(path, path), None)]
    return _splits(path)


def is_xml(name: str) -> bool:
    """Tell whether a file is taken for an annotation, by its suffix."""
    return name[-4:].lower() == ".xml"


def list_xml(folder: Path) -> dict[str, str | None]:
    """Names of XML files right in `folder`, sorted, each with the reason if it is no file to read."""
    with os.scandir(folder) as entries:
        found = sorted((e for e in entries if is_xml(e.name)), key=lambda entry: entry.name)
    return {e.name: None if _is_file(e) else os_reason(e.path) for e in found}


def _is_file(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a loop of links
        return entry.is_file()
    return False


def _whole(root: Path) -> list[Part]:
    """The part that has `root` to itself: a folder of annotations beside one of images."""
    folders = _folders(root)
    for name in _XML_FOLDERS:
        for folder in _below(folders, name):
            if _has(folder, is_xml, may_fail=False):
                images = _image_folder(root, folder)
                # Folders of these names are common; without images beside it only the first is plain.
                if images is None and name != _XML_FOLDERS[0]:
                    continue
                lists = (f for listed in _LIST_FOLDERS for f in _below(folders, listed))
                return [Part(root, folder, images, next((f for f in lists if _has(f, is_list)), None))]
    return []


def _years(root: Path) -> list[Part]:
    """The years of a VOCdevkit: below `root`, or below `root/VOCdevkit`."""
    for kit in (root, *_below(_folders(root), "vocdevkit")):
        any_name = kit.name.lower() == "vocdevkit"
        folders = [f for f in _folders(kit) if any_name or _YEAR.fullmatch(f.name)]
        parts = [replace(part, name=f.name) for f in folders for part in _whole(f)]
        if parts:
            return parts if len(parts) > 1 else [replace(parts[0], name="")]
    return []


def _splits(root: Path) -> list[Part]:
    """The sub-folders that hold XML files each, or are named like splits and hold a data set each."""
    parts = []
    for folder in _folders(root):
        if _has(folder, is_xml):
            if _has(folder, _is_image) or is_annotated(folder, _LOOSELY):
                images = _image_folder(folder, folder)
                parts.append(Part(folder, folder, images, None, folder.name, is_split=True))
        elif folder.name.lower() in _SPLITS:
            parts += [replace(p, name=folder.name, lists=None, is_split=True) for p in _whole(folder)]
    return parts


def _image_folder(root: Path, annotations: Path) -> Path | None:
    """Where the images are: a folder of a usual name, else beside the annotations, else in `root`."""
    folders = _folders(root)
    usual = [folder for name in IMAGE_FOLDERS for folder in _below(folders, name.lower())]
    candidates = [*usual, annotations, root]
    return next((folder for folder in candidates if _has(folder, _is_image)), None) or next(iter(usual), None)


def _below(folders: list[Path], name: str) -> Iterator[Path]:
    """Of `folders`, or of those below them, the ones whose path in lower case is `name`."""
    first, _, rest = name.partition("/")
    for folder in folders:
        if folder.name.lower() == first:
            yield from _below(_folders(folder), rest) if rest else (folder,)


def _folders(root: Path) -> list[Path]:
    """Folders right in `root` that are not hidden, sorted; [] if it cannot be listed."""
    with suppress(OSError), os.scandir(root) as entries:
        return [root / name for name in sorted(e.name for e in entries if _is_folder(e))]
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return not entry.name.startswith(".") and entry.is_dir()
    return False


def _is_image(name: str) -> bool:
    return not is_xml(name) and is_image_name(name)  # most names are of XML files, and told apart faster


def is_list(name: str) -> bool:
    """Tell whether a file is taken for a split list, by its suffix."""
    return name[-4:].lower() == ".txt"


def _has(folder: Path, wanted: Callable[[str], bool], *, may_fail: bool = True) -> bool:
    """Whether `folder` holds a name that is wanted; if it may fail, False where it cannot be listed."""
    with suppress(*([OSError] if may_fail else [])), os.scandir(folder) as entries:
        return any(wanted(entry.name) for entry in entries)
    return False


def is_annotated(folder: Path, element: re.Pattern[bytes] = _ANNOTATION) -> bool:
    """Tell whether one of the first XML files in `folder` begins as an annotation does: with its element."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice((e for e in entries if is_xml(e.name) and _is_file(e)), _PEEKED_FILES):
            if element.search(read_head(entry.path, _PEEKED_BYTES).replace(b"\0", b"")):
                return True
    return False


def count_xml(folder: Path) -> int:
    """How many XML files there are right in `folder`, 0 if it cannot be listed."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sum(is_xml(entry.name) for entry in entries)
    return 0
