"""Corrects what a reader reports of files that are not the data that their names promise.

A reader reports a pointer of Git LFS as broken lines or broken XML. Only files with findings are looked at,
so that this costs nothing where all is well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.dataset.findings import Finding
from anchoraudit.io.files import safe_join
from anchoraudit.io.not_data import OF_MACOS, NotData, what_instead

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

_READING = ("PAR", "IMG002")  # codes of findings that such a file may lead to


def corrected(dataset: Dataset) -> list[Finding]:
    """Return the findings of a data set, with one for each file that is not data in place of all about it."""
    looked: dict[str, NotData | None] = {}
    folders = _folders_of_images(dataset)
    done: set[str] = set()
    kept: list[Finding] = []
    for finding in dataset.findings:
        path = _culprit(finding, folders) if finding.code.startswith(_READING) else ""
        what = None
        if path:
            if path not in looked:
                looked[path] = what_instead(path)
            what = looked[path]
        if what is None:
            kept.append(finding)
        elif path not in done:
            done.add(path)
            if what is not OF_MACOS:
                name = Path(path).name
                kept.append(Finding(what.code, what.words, path, "", name, finding.thing or f"file {name}"))
    return kept


def _folders_of_images(dataset: Dataset) -> dict[str, list[Path]]:
    """Return the folders that may hold each image of unknown size, by its name: those of its sources."""
    wanted = {finding.evidence for finding in dataset.findings if finding.code == "IMG002"}
    folders: dict[str, list[Path]] = {name: [] for name in wanted}
    if wanted:
        images = zip(dataset.images.file_names, dataset.images.source.tolist(), strict=True)
        for name, source in dict.fromkeys(each for each in images if each[0] in wanted):
            if (folder := dataset.sources[source].image_folder) is not None:
                folders[name].append(folder)
    return folders


def _culprit(finding: Finding, folders: dict[str, list[Path]]) -> str:
    """Return the file that a finding is about: of an image of unknown size, the image."""
    if finding.code != "IMG002":
        return finding.path
    files = (safe_join(folder, finding.evidence) for folder in folders[finding.evidence])
    return next((str(file) for file in files if file is not None), finding.path)
