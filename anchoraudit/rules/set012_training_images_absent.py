"""SET012: images of the training split not found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.images.found import IMAGE_FOLDERS, list_images, usual_folders
from anchoraudit.io.folders import folders_in
from anchoraudit.io.suggest import meant, nearest
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted, First

_SHARE = 0.1  # of the images of the split; fewer files are not its images under other names, but some logo


def check(context: Context) -> list[Finding]:
    """Find training splits whose images are all absent, though other images are there."""
    found = []
    for name in sorted(context.training):
        images, first = context.images_of_split(name), _first_of(context, [name])
        if not images or first is None or _is_there(context, [name]):
            continue
        if near := _other_images(context, name, images):
            of = f"the training split {name!r}" if name else "the data set"
            text = f"no image of {of} is there, of {images:,}, but {near}"
            found.append(context.about_split("SET012", name, text, first.told[0]))
    return found


def count(context: Context) -> Counted:
    """Tell which splits have an image that is there, and which sources have images of which split."""
    dataset = context.dataset
    splits, sources, images = len(dataset.splits), len(dataset.sources), dataset.images
    there = np.zeros(splits, dtype=np.bool_)
    trained = [number for number, name in enumerate(dataset.splits) if name in context.training]
    for number in trained:
        there[number] = _any_there(dataset, np.flatnonzero(images.split == number))
    counted: dict[str, int | Int | Bool | First] = {"there": there}
    if dataset.class_boxes is None and there[trained].all() and context.training <= {*dataset.splits}:
        return counted  # there is nothing to find
    counted["of sources"] = np.bincount(images.split * sources + images.source, minlength=splits * sources)
    for number in range(splits):
        if len(rows := np.flatnonzero(images.split == number)):
            there[number] = there[number] if number in trained else _any_there(dataset, rows)
            image, place = context.first_image(rows)
            counted[f"first {number}"] = First(place, (images.file_names[image],))
    return counted


def _any_there(dataset: Dataset, rows: Int) -> bool:
    has_folder = np.array([source.image_folder is not None for source in dataset.sources], dtype=np.bool_)
    rows = rows[has_folder[dataset.images.source[rows]]]
    return any(dataset.image_path(row) is not None for row in rows.tolist())


def _is_there(context: Context, names: Sequence[str]) -> bool:
    """Tell whether an image of one of these splits is there."""
    splits = context.dataset.splits
    there = context.totals.of_rule("SET012").flags("there", len(splits))
    return any(there[splits.index(name)] for name in names if name in splits)


def _first_of(context: Context, names: Sequence[str]) -> First | None:
    """Return the first image of these splits."""
    splits, own = context.dataset.splits, context.totals.of_rule("SET012")
    every = (own.first(f"first {splits.index(name)}") for name in names if name in splits)
    return min((first for first in every if first is not None), default=None)


def _other_images(context: Context, name: str, images: int) -> str:
    """Say where images are that the split does not name; "" if there are none, as on another machine."""
    dataset = context.dataset
    splits, count = dataset.splits, len(dataset.sources)
    of_sources = context.totals.of_rule("SET012").column("of sources", len(splits) * count)
    own = of_sources.reshape(len(splits), count)[splits.index(name)]
    for source in [dataset.sources[number] for number in np.flatnonzero(own).tolist()]:
        for folder in _folders_of(source):
            if len(names := list_images(folder)) > images * _SHARE:
                return f"{folder} has others, such as {names[0]!r}"
        if similar := next(_similar(source), None):
            return f"images are elsewhere: {meant(f'{similar}/')}"
    others = [other for other in splits if other != name]
    if _is_there(context, others):
        first = _first_of(context, others)
        split = next(other for other in others if _first_of(context, [other]) == first)
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
    scope="totals",
    count=count,
)
