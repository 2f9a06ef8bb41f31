"""SET010: training split without a usable box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.splits import is_training, thing_of_split
from anchoraudit.images.found import IMAGE_FOLDERS, list_images
from anchoraudit.io.folders import folders_in
from anchoraudit.rules._context import Context, why_not_usable
from anchoraudit.rules._rule import Rule

_OTHERS = ("val", "valid", "validation", "test", "testing")


def check(context: Context) -> list[Finding]:
    """Find training splits of which no box can be trained, in a data set that has some."""
    if not context.totals.labels[:, :, 1].any():
        return []  # that is SET011
    found = []
    for name in sorted(context.training):
        images, boxes = context.images_of_split(name), context.boxes_of_split(name)
        if not images or boxes[:, 1].any():
            continue
        if boxes.any():
            why = why_not_usable(boxes[:, 0])
            text = f"no box of the training split {name!r} is usable: {why}"
        else:
            text = f"no image of the training split {name!r} has an annotation, of {images:,}"
        found.append(context.about_split("SET010", name, text, name))
    if not context.dataset.partial and not any(
        map(is_training, [*context.dataset.splits, *context.training])
    ):
        found += _not_annotated(context)
    return found


def _not_annotated(context: Context) -> Iterator[Finding]:
    """Find folders of training images beside the folder of another split, but without annotations."""
    dataset = context.dataset
    beside: dict[Path, str] = {}
    for source in dataset.sources:
        if not source.path.is_relative_to(dataset.root):
            continue
        below = source.path.relative_to(dataset.root).parts
        for at, part in enumerate(below):
            if part.casefold() in _OTHERS:
                beside.setdefault(dataset.root.joinpath(*below[:at]), part)
    for folder, other in beside.items():
        for own in filter(lambda path: is_training(path.name), folders_in(folder)):
            places = [own, *(own / name for name in IMAGE_FOLDERS)]
            if count := sum(len(list_images(place)) for place in places):
                images = "1 image" if count == 1 else f"{count:,} images"
                text = f"{own.name}/ has {images}, but no annotations like those of {other}/"
                yield Finding("SET010", text, str(own), "", own.name, thing_of_split(own.name))


RULE = Rule(
    code="SET010",
    severity="error",
    title="training split without a usable box",
    what=(
        "Other splits have boxes that can be trained, but the training split has none: no label file or no "
        "annotation at all, or only boxes that are not usable, such as crowds and boxes without area. The "
        "training split is the one with `train` in its name. A folder `train/` with images, but without the "
        "annotations that `valid/` beside it has, counts too."
    ),
    why=(
        'YOLOv5 stops: "No labels found in ..., can not start training"; YOLOv7: "Can not train without '
        'labels". detectron2 stops with "No '
        'valid data found in", mmdetection with "need at least one array to concatenate". Other frameworks '
        "train on background only."
    ),
    example="train/images/a.jpg without train/labels/, and valid/images/b.jpg with valid/labels/b.txt",
    remedy="put the annotations of the split where its images expect them, or export the split again",
    check=check,
    scope="totals",
)
