"""What is said of images that lie in a data set, but were not read: those of a split without annotations."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import is_split, thing_of_split
from anchoraudit.errors import printable
from anchoraudit.formats._builder import listed
from anchoraudit.images.unread import unread_images


def report_unread(dataset: Dataset, root: Path) -> None:
    """Report images below `root` in whose folders no image of the data set is: splits, and in a note others.

    Where no image of the data set was found at all, other notes say so, and where images are.
    """
    if not dataset.has_image_folder:
        return
    found = unread_images(dataset, root)
    others: dict[str, int] = {}
    for name, count in found.folders.items():
        # Images for tests are usually without annotations.
        split = next((part for part in name.split("/") if is_split(part) and not _is_test(part)), "")
        if not split:
            others[name] = count
            continue
        words = f"{_images(count)} in {printable(name)} not read: no annotation of them was found"
        dataset.findings.append(Finding("SET017", words, str(root / name), thing=thing_of_split(split)))
    end = "" if found.whole else "; not all folders were looked into"
    if others:
        folders = listed([f"{printable(name) or './'} ({count:,})" for name, count in others.items()])
        dataset.notes.append(f"not read: {_images(sum(others.values()))}, in {folders}{end}")


def _is_test(name: str) -> bool:
    return name.casefold().startswith("test")


def _images(count: int) -> str:
    return f"{count:,} image file{'s' * (count > 1)}"
