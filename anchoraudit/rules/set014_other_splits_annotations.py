"""SET014: annotations of another split."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import stable_argsort
from anchoraudit.dataset.findings import Finding
from anchoraudit.images.found import list_images
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def copied_sources(context: Context) -> dict[int, int]:
    """Return the sources whose annotations are those of another source, of another split and folder.

    The same images with the same boxes, at least one box, by source and other source. The other one has its
    pictures, if only one has, or is the one for training. Sources whose
    pictures are known to be copies of the other one's are not among them, nor those that share a folder of
    images: there the images are the same, which SET004 says.
    """
    dataset = context.dataset
    images, boxes, sources = dataset.images, dataset.boxes, dataset.sources
    if len(sources) < 2 or len(dataset.splits) < 2 or dataset.class_boxes is not None:
        return {}  # of a part, nobody knows what else the source has
    count = len(sources)
    of_box = images.source[boxes.image]
    image_order, box_order = (stable_argsort(column) for column in (images.source, of_box))
    image_ends = np.searchsorted(images.source[image_order], np.arange(count + 1))
    box_ends = np.searchsorted(of_box[box_order], np.arange(count + 1))
    first: dict[object, int] = {}
    found: dict[int, int] = {}
    for number in range(count):
        own = image_order[image_ends[number] : image_ends[number + 1]]
        rows = box_order[box_ends[number] : box_ends[number + 1]]
        if not len(rows):
            continue
        position = np.searchsorted(own, boxes.image[rows])
        names = tuple(images.file_names[i] for i in own.tolist())
        key = (names, boxes.xyxy[rows].tobytes(), boxes.category[rows].tobytes(), position.tobytes())
        other = first.setdefault(hash(key), number)
        theirs = image_order[image_ends[other] : image_ends[other + 1]]
        if other == number or len(theirs) != len(own) or images.split[own[0]] == images.split[theirs[0]]:
            continue
        if folder_of(context, number) != folder_of(context, other) and not _are_copies(
            context, own.tolist(), theirs.tolist()
        ):
            found |= dict([_copy_and_original(context, number, other)])
    return found


def folder_of(context: Context, number: int) -> str:
    """Return the folder of a source's pictures, or of its annotations where no picture was found."""
    source = context.dataset.sources[number]
    return str(source.image_folder or source.path.parent)


def _copy_and_original(context: Context, one: int, other: int) -> tuple[int, int]:
    """Return the two sources, first the one that is more likely the copy."""
    sources = context.dataset.sources

    def is_original(number: int) -> tuple[bool, bool]:
        return sources[number].image_folder is not None, sources[number].split.startswith("train")

    return (other, one) if is_original(one) > is_original(other) else (one, other)


def _are_copies(context: Context, own: list[int], theirs: list[int]) -> bool:
    """Tell whether each picture is known to have the bytes of the other one."""
    files = context.image_files
    if files is None:
        return False
    content = np.where(files.copy_of >= 0, files.copy_of, np.arange(len(files.copy_of)))
    return bool(files.present[own].all() and (content[own] == content[theirs]).all())


def check(context: Context) -> list[Finding]:
    """Find annotation files that are a copy of another split's."""
    sources = context.dataset.sources
    found: list[Finding] = []
    for number, other in copied_sources(context).items():
        source = sources[number]
        beside = 0 if source.image_folder is not None else len(list_images(source.path.parent))
        text = f"its images and boxes are those of {sources[other].path}"
        if beside:
            text += f"; of the {beside:,} pictures beside it none is named"
        found.append(
            Finding("SET014", text, str(source.path), "", str(sources[other].path), f"split {source.split}")
        )
    return found


RULE = Rule(
    code="SET014",
    severity="error",
    title="annotations of another split",
    what=(
        "An annotation file with the images and boxes of another split's, whose pictures are in another "
        "folder. Not reported where the pictures are copies too (SET004)."
    ),
    why=(
        "The file was copied to the wrong place. The pictures of the split have no annotations, or those "
        "of other pictures; if the loader finds the named ones, the evaluation is on the training data."
    ),
    example="train/_annotations.coco.json and test/_annotations.coco.json, equal to the byte",
    remedy="put the split's own annotation file there, or remove the split",
    check=check,
    scope="whole",
    needs_whole="it compares all images and boxes of one file with those of another",
)
