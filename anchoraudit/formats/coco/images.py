"""The images of one COCO file: columns, their sizes, and where they lie on disk."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from anchoraudit.dataset import Images, Source
from anchoraudit.files import name_parts
from anchoraudit.findings import Finding
from anchoraudit.formats.coco.entries import Entries
from anchoraudit.pictures.found import are_present, list_below
from anchoraudit.pictures.sizes import LARGEST_SIDE, read_sizes, sizes_below


def images_of(entries: Entries, source: Source, findings: list[Finding], notes: list[str]) -> Images:
    """Image columns of one file; what is wrong with them goes to `findings`, remarks to `notes`."""
    listed = entries.images
    count = len(listed)
    positions = entries.image_positions
    images = Images(
        ids=[image.id for image in listed],
        file_names=[image.file_name for image in listed],
        width=np.array([image.width or np.nan for image in listed], dtype=np.float64),
        height=np.array([image.height or np.nan for image in listed], dtype=np.float64),
        split=np.zeros(count, dtype=np.int64),
        source=np.zeros(count, dtype=np.int64),
        entry=np.arange(count) if positions is None else np.asarray(positions, dtype=np.int64),
    )
    _report_repeated_ids(images, source, findings)
    if source.image_folder is None:
        notes.append(f"{source.path.name}: no images found beside it; their presence was not checked")
    else:
        _report_absent(images, source.image_folder, source, findings)
    _complete_sizes(images, source, findings)
    return images


def _report_repeated_ids(images: Images, source: Source, findings: list[Finding]) -> None:
    if len(set(images.ids)) == len(images):
        return
    seen: set[int | str] = set()
    for position, image_id in zip(_entries(images), images.ids, strict=True):
        if image_id in seen:
            message = f"image id {image_id!r} was used before"
            place = f"images[{position}].id"
            findings.append(Finding("SET001", message, str(source.path), place, repr(image_id)))
        seen.add(image_id)


def _report_absent(images: Images, folder: Path, source: Source, findings: list[Finding]) -> None:
    present = are_present(folder, images.file_names)
    for position, name, there in zip(_entries(images), images.file_names, present, strict=True):
        if not there:
            message = f"no image {name!r} in {folder}" if name else "the image has no file name"
            place = f"images[{position}].file_name"
            findings.append(Finding("IMG001", message, str(source.path), place, repr(name)))


def _complete_sizes(images: Images, source: Source, findings: list[Finding]) -> None:
    """Fill sizes that are missing or impossible from the image's header; report those not to be had."""
    for sides in (images.width, images.height):
        sides[~((sides >= 1) & (sides <= LARGEST_SIDE))] = np.nan
    entries = _entries(images)
    images.measured = np.isnan(images.width) | np.isnan(images.height)
    lacking = np.flatnonzero(images.measured)
    sizes = sizes_below(source.image_folder, [images.file_names[i] for i in lacking.tolist()])
    images.width[lacking], images.height[lacking] = sizes.T
    for i in np.flatnonzero(np.isnan(images.width)).tolist():
        message = f"image {images.ids[i]!r} declares no size, and its file cannot be read"
        place = f"images[{entries[i]}]"
        findings.append(Finding("IMG002", message, str(source.path), place, images.file_names[i]))


def append_unlisted(images: Images, source: Source, listed: Collection[str], notes: list[str]) -> None:
    """Add the images on disk that are not among `listed`, as images without annotations."""
    folder = source.image_folder
    if folder is None:
        return
    known = {"/".join(filter(None, name_parts(name))) for name in listed}
    prefixes = sorted({name.rpartition("/")[0] for name in known})
    found = [
        f"{prefix}/{name}" if prefix else name for prefix in prefixes for name in list_below(folder, prefix)
    ]
    names = [name for name in found if name not in known]
    sizes = read_sizes([folder / name for name in names])[0]
    images.ids += names
    images.file_names += names
    images.width = np.append(images.width, sizes[:, 0])
    images.height = np.append(images.height, sizes[:, 1])
    for column in ("split", "source"):
        setattr(images, column, np.zeros(len(images.ids), dtype=np.int64))
    images.entry = np.append(np.asarray(images.entry), np.full(len(names), -1))
    images.measured = np.append(np.asarray(images.measured), np.ones(len(names), dtype=np.bool_))
    notes.append(f"{source.path.name}: {len(names)} image(s) on disk that no entry names")


def _entries(images: Images) -> list[int]:
    assert images.entry is not None  # set for every COCO file
    positions: list[int] = images.entry.tolist()
    return positions
