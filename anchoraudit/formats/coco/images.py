"""The images of one COCO file: columns, their sizes, and where they lie on disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from anchoraudit.dataset import Images, Source, safe_join
from anchoraudit.files import name_parts
from anchoraudit.findings import Finding
from anchoraudit.formats._images import LARGEST_SIDE, header_size, list_images
from anchoraudit.formats.coco.entries import Entries


def find_image_folder(file: Path, split: str, names: Sequence[str]) -> Path | None:
    """Find the folder the file names of `file` are relative to, None if none of the usual ones holds any."""
    here, root = file.parent, file.parent.parent
    sample = [name for name in (*names[:4], *names[len(names) // 2 :][:2], *names[-2:]) if name]
    usual = (
        here,
        here / split,
        here / "images",
        root / split,
        root / "images" / split,
        root / split / "images",
        root / "images",
        root / "JPEGImages",
        root,
    )
    return next((f for f in usual if any(safe_join(f, name) for name in sample)), None)


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
    present = _files_on_disk(images, source)
    if present is None:
        notes.append(f"{source.path.name}: no images found beside it; their presence was not checked")
    else:
        _report_absent(images, present, source, findings)
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


def _files_on_disk(images: Images, source: Source) -> dict[str, frozenset[str]] | None:
    """Names of the image files in each folder that the file names mention, None if there is no folder."""
    if source.image_folder is None:
        return None
    folders = {name_parts(name)[0] for name in images.file_names}
    return {folder: frozenset(_listing(source.image_folder, folder)) for folder in folders}


def _listing(root: Path, folder: str) -> list[str]:
    parts = PurePosixPath(folder)
    if parts.is_absolute() or ".." in parts.parts or "\0" in folder:
        return []
    return list_images(root / parts)


def _report_absent(
    images: Images, present: dict[str, frozenset[str]], source: Source, findings: list[Finding]
) -> None:
    for position, name in zip(_entries(images), images.file_names, strict=True):
        folder, base = name_parts(name)
        if base not in present[folder]:
            message = f"no image {name!r} in {source.image_folder}" if name else "the image has no file name"
            place = f"images[{position}].file_name"
            findings.append(Finding("IMG001", message, str(source.path), place, repr(name)))


def _complete_sizes(images: Images, source: Source, findings: list[Finding]) -> None:
    """Fill sizes that are missing or impossible from the image's header; report those not to be had."""
    for sides in (images.width, images.height):
        sides[~((sides >= 1) & (sides <= LARGEST_SIDE))] = np.nan
    entries = _entries(images)
    images.measured = np.isnan(images.width) | np.isnan(images.height)
    for i in np.flatnonzero(images.measured).tolist():
        folder = source.image_folder
        path = None if folder is None else safe_join(folder, images.file_names[i])
        size = None if path is None else header_size(path)
        if size is None:
            images.width[i] = images.height[i] = np.nan
            message = f"image {images.ids[i]!r} declares no size, and its file is not to be read"
            findings.append(
                Finding("IMG002", message, str(source.path), f"images[{entries[i]}]", images.file_names[i])
            )
        else:
            images.width[i], images.height[i] = size


def append_unlisted(images: Images, source: Source, listed: Collection[str], notes: list[str]) -> None:
    """Add the images on disk that are not among `listed`, as images without annotations."""
    folder = source.image_folder
    if folder is None:
        return
    known = {"/".join(filter(None, name_parts(name))) for name in listed}
    prefixes = sorted({name.rpartition("/")[0] for name in known})
    found = [
        f"{prefix}/{name}" if prefix else name for prefix in prefixes for name in _listing(folder, prefix)
    ]
    names = [name for name in found if name not in known]
    sizes = [header_size(folder / name) or (np.nan, np.nan) for name in names]
    images.ids += names
    images.file_names += names
    images.width = np.append(images.width, [float(size[0]) for size in sizes])
    images.height = np.append(images.height, [float(size[1]) for size in sizes])
    for column in ("split", "source"):
        setattr(images, column, np.zeros(len(images.ids), dtype=np.int64))
    images.entry = np.append(np.asarray(images.entry), np.full(len(names), -1))
    images.measured = np.append(np.asarray(images.measured), np.ones(len(names), dtype=np.bool_))
    notes.append(f"{source.path.name}: {len(names)} image(s) on disk that no entry names")


def _entries(images: Images) -> list[int]:
    assert images.entry is not None  # set for every COCO file
    positions: list[int] = images.entry.tolist()
    return positions
