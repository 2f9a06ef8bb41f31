"""SET012: images of the training split not found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.images.found import IMAGE_FOLDERS, list_images, usual_folders
from anchoraudit.io.folders import folders_in
from anchoraudit.io.suggest import meant, nearest
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_SHARE = 0.1  # of the images of the split; fewer files are not its images under other names, but some logo


def check(context: Context) -> list[Finding]:
    """Find training splits whose images are all absent, though other images are there."""
    dataset = context.dataset
    found = []
    for name in sorted(context.training):
        rows = context.rows_of_split(name)
        if not len(rows) or _any_there(dataset, rows):
            continue
        if near := _other_images(dataset, rows):
            of = f"the training split {name!r}" if name else "the data set"
            text = f"no image of {of} is there, of {len(rows):,}, but {near}"
            found.append(context.about_split("SET012", name, text, dataset.images.file_names[int(rows[0])]))
    return found


def _any_there(dataset: Dataset, rows: Int) -> bool:
    return any(dataset.image_path(row) is not None for row in rows.tolist())


def _other_images(dataset: Dataset, rows: Int) -> str:
    """Say where images are that the split does not name; "" if there are none, as on another machine."""
    sources = [dataset.sources[number] for number in np.unique(dataset.images.source[rows]).tolist()]
    for source in sources:
        for folder in _folders_of(source):
            if len(names := list_images(folder)) > len(rows) * _SHARE:
                return f"{folder} has others, such as {names[0]!r}"
        if similar := next(_similar(source), None):
            return f"images are elsewhere: {meant(f'{similar}/')}"
    others = np.setdiff1d(np.arange(len(dataset.images)), rows, assume_unique=True)
    if _any_there(dataset, others):
        split = dataset.splits[int(dataset.images.split[others[0]])]
        return f"those of {split!r} are" if split else "others are"
    return ""


def _folders_of(source: Source) -> Iterator[Path]:
    """Yield the folders that should hold the images of a source, not those that may hold other pictures."""
    if source.image_folder is not None:
        yield source.image_folder
    elif not source.suffix:
        own = {"", source.split.casefold(), *(name.casefold() for name in IMAGE_FOLDERS)} - {""}
        yield from (f for f in usual_folders(source.path, source.split) if f.name.casefold() in own)


def _similar(source: Source) -> Iterator[Path]:
    """Yield folders of images around a file whose names are similar to that of its split."""
    here = source.path.parent
    for base in dict.fromkeys(b for f in (here, here.parent) for b in (f, *(f / i for i in IMAGE_FOLDERS))):
        folders = {folder.name: folder for folder in folders_in(base)} if source.split else {}
        yield from (folders[name] for name in nearest(source.split, folders) if list_images(folders[name]))


RULE = Rule(
    code="SET012",
    severity="error",
    title="images of the training split not found",
    what=(
        "Annotations name the images of the training split, or of the only one, and not one of them exists, "
        "though image files of other names are in its folder, or those of another split are there. Where no "
        "image of the data set is found at all, a note says so instead."
    ),
    why=(
        "The loader stops at the first image (FileNotFoundError), or leaves out one after the other until "
        'nothing is left: Ultralytics says "No valid images found", detectron2 "No valid data found in".'
    ),
    example="annotations/instances_train.json names a.jpg, and images/trian/a.jpg is where it is",
    remedy="rename the folder or the files, or name the folder with --image-folder",
    check=check,
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
