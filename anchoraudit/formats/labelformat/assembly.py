"""What the library read, as a data set."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anchoraudit.dataset import Bool, Boxes, Category, Dataset, Images, Source
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.findings import Finding
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.labelformat.cvat import read_cvat
from anchoraudit.formats.labelformat.kitti import read_kitti
from anchoraudit.formats.labelformat.labelbox import read_labelbox
from anchoraudit.formats.labelformat.library import Labelled
from anchoraudit.pictures.found import find_images, usual_folders
from anchoraudit.pictures.sizes import LARGEST_SIDE, read_sizes


@dataclass(slots=True)
class _Found:
    """Images with their ids and files, and where they stand."""

    source: Source
    images: list[Labelled]
    names: list[str]
    ids: list[str]
    file_names: list[str]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def assemble(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a data set; see `labelformat.read` for what is raised."""
    path = detection.path
    if options.splits:
        words = f"unknown split {options.splits[0]!r}"
        raise AnchorauditError(words, path=path, remedy="This data set has no splits.")
    found = _kitti(path, options.image_folder) if path.is_dir() else _one_file(path, options.image_folder)
    measured = _complete_sizes(found)
    counts = [len(image.labels) for image in found.images]
    names = sorted({*found.names, *(label for image in found.images for label in image.labels)})
    code = {name: number for number, name in enumerate(names)}
    sizes = np.array([(image.width, image.height) for image in found.images], dtype=np.float64).reshape(-1, 2)
    zeros = np.zeros(len(found.images), dtype=np.int64)
    xyxy = np.array([box for image in found.images for box in image.xyxy], dtype=np.float64).reshape(-1, 4)
    boxes = Boxes(
        image=np.repeat(np.arange(len(counts)), counts),
        annotation_ids=None,
        category=np.array([code[label] for image in found.images for label in image.labels], dtype=np.int64),
        xyxy=xyxy,
        crowd=np.array([crowd for image in found.images for crowd in image.crowd], dtype=np.bool_),
        difficult=np.zeros(len(xyxy), dtype=np.bool_),
        entry=np.array([entry for image in found.images for entry in image.entries], dtype=np.int64),
    )
    _report_infinite(found, boxes)
    return Dataset(
        root=path,
        format=detection.format,
        recognised=f"{detection.reason}, by labelformat",
        sources=(found.source,),
        splits=("",),
        images=Images(
            ids=list(found.ids),
            file_names=found.file_names,
            width=sizes[:, 0].copy(),
            height=sizes[:, 1].copy(),
            split=zeros,
            source=zeros.copy(),
            measured=measured,
        ),
        boxes=boxes,
        categories=tuple(Category(number, name) for number, name in enumerate(names, 1)),
        findings=found.findings,
        notes=found.notes,
    )


def _kitti(labels: Path, image_folder: Path | None) -> _Found:
    read = read_kitti(labels, image_folder)
    if not read.images and not read.unread:
        raise AnchorauditError("there is no image", path=read.folder, remedy="Name it with --image-folder.")
    return _Found(
        source=Source(labels, "", read.folder, "line", ".txt"),
        images=read.images,
        names=read.names,
        ids=[image.file_name.rpartition(".")[0] for image in read.images],
        file_names=[image.file_name for image in read.images],
        findings=[
            Finding("PAR001", "its size cannot be read: labelformat leaves it and its labels out", path)
            for path in read.unread
        ],
        notes=[f"taken as blank, of {len(read.images):,} images: {read.blank:,} without a label file"]
        if read.blank
        else [],
    )


def _one_file(path: Path, image_folder: Path | None) -> _Found:
    read, item = (read_cvat, "box") if path.suffix.lower() == ".xml" else (read_labelbox, "line")
    images, names, notes = read(path)
    called = [image.file_name for image in images]
    near = find_images(called, [image_folder] if image_folder else usual_folders(path, ""))
    found = _Found(Source(path, "", near.folder, item), images, names, called, near.names, notes=notes)
    if near.folder is None:
        found.notes.append(f"{printable(path)}: no images found beside it; their presence was not checked")
        return found
    found.findings = [
        Finding("IMG001", f"its image is not in {near.folder}", str(path), "", name, f"image {name}")
        for name, there in zip(called, near.present, strict=True)
        if not there
    ]
    return found


def _complete_sizes(found: _Found) -> Bool:
    """Fill sizes that are impossible from the images' headers; tell which those are: bool [N]."""
    lacking = [
        number
        for number, image in enumerate(found.images)
        if not (1 <= image.width <= LARGEST_SIDE and 1 <= image.height <= LARGEST_SIDE)
    ]
    folder = found.source.image_folder
    files = [] if folder is None else [folder / found.file_names[number] for number in lacking]
    sizes = read_sizes(files)[0] if files else np.full((len(lacking), 2), np.nan)
    for number, (width, height) in zip(lacking, sizes.tolist(), strict=True):
        image = found.images[number]
        image.width, image.height = width, height
        if math.isnan(width):
            words = f"no usable size of image {image.file_name!r}, and its file cannot be read"
            path, thing = str(found.source.path), f"image {found.ids[number]}"
            found.findings.append(Finding("IMG002", words, path, "", image.file_name, thing))
    measured = np.zeros(len(found.images), dtype=np.bool_)
    measured[lacking] = True
    return measured


def _report_infinite(found: _Found, boxes: Boxes) -> None:
    source = found.source
    for row in np.flatnonzero(~np.isfinite(boxes.xyxy).all(axis=1)).tolist():
        image = found.ids[int(boxes.image[row])]
        path = str(source.path / f"{image}{source.suffix}") if source.suffix else str(source.path)
        assert boxes.entry is not None  # they have positions
        place = f"{source.item} {boxes.entry[row] + 1}"
        value = ", ".join(f"{v:g}" for v in boxes.xyxy[row].tolist())
        thing = f"image {image}"
        found.findings.append(Finding("BOX001", "a coordinate is not finite", path, place, value, thing))
