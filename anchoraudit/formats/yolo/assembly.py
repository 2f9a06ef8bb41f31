"""Joins the images, sizes and label lines of a YOLO data set to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from anchoraudit.arrays import Float, Int, distinct
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Flags, Source
from anchoraudit.dataset.conventions import CXCYWH_FRACTIONS
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.formats import Detection
from anchoraudit.formats._builder import Part as Columns
from anchoraudit.formats._builder import Where, blank_counts, join, missing_image
from anchoraudit.formats.yolo.columns import Lines, joined
from anchoraudit.formats.yolo.gathering import Gathered, Row
from anchoraudit.formats.yolo.lines import ABSENT, BROKEN, EMPTY, NO_CLASS, READ, Chunk
from anchoraudit.formats.yolo.values import report_classes, report_values
from anchoraudit.images.headers import Headers
from anchoraudit.images.opened import opened_by_folder, sizes_of


def assemble(
    detection: Detection,
    gathered: Gathered,
    every: Sequence[Row],
    files: tuple[Sequence[Chunk], Headers],
) -> Dataset:
    """Make a data set of files that were read.

    every: the images. files: the content of their label files in chunks, and the headers of the pictures.
    """
    chunks, headers = files
    paths = [part.label_path(member) for _, part, member in every]
    lines = joined(chunks, paths)
    # An image whose label file cannot be read is neither annotated nor blank. It is dropped, with a finding.
    kept = np.array([status != BROKEN for status in lines.status], dtype=np.bool_)
    rows = [row for row, keep in zip(every, kept.tolist(), strict=True) if keep]
    sizes, turned = sizes_of(headers, upright=True)
    sizes, turned = sizes[kept], turned[kept]
    findings, notes = _unknown_sizes(rows, sizes), _turned(int(turned.sum()))
    number = np.cumsum(kept) - 1
    image = number[lines.file]
    xyxy = _pixels(lines.xywh, sizes[image])
    category, categories = _classes(lines, gathered)
    named = [str(path) for path in paths]
    findings += lines.findings
    findings += report_values(lines, xyxy, ~np.isnan(sizes[image, 0]), named)
    findings += report_classes(lines, gathered.names, named)
    columns = Columns(
        sources=tuple(
            Source(part.labels, part.entry.split, part.images, "line", ".txt") for part in gathered.parts
        ),
        ids=[member.id for *_, member in rows],
        file_names=[member.file_name for *_, member in rows],
        sizes=sizes,
        splits=[part.entry.split for _, part, _ in rows],
        boxes=Boxes(
            image=image,
            annotation_ids=None,
            category=category,
            xyxy=xyxy,
            crowd=np.zeros(len(image), dtype=np.bool_),
            difficult=np.zeros(len(image), dtype=np.bool_),
            entry=lines.line,
            traits=_traits(lines),
            class_texts=_class_texts(lines, category),
        ),
        categories=categories,
        source=np.array([number for number, *_ in rows], dtype=np.int64),
        measured=np.ones(len(rows), dtype=np.bool_),
        traits=_image_traits(rows),
        convention=CXCYWH_FRACTIONS,
        opened=opened_by_folder(headers, _folders(every)),
        label_lines={int(number[file]): text for file, text in lines.texts.items() if kept[file]},
        findings=list(dict.fromkeys([*gathered.findings, *findings])),
        notes=[*gathered.notes, *notes, *_polygon_notes(lines), *_blank_notes(every, lines.status)],
    )
    labelled = sum(path is not None for path in paths)
    recognised = f"YOLO: {detection.reason}, {labelled:,} label file(s)"
    dataset = join(
        detection, [columns], recognised=recognised, splits=gathered.splits, classes_are_indices=True
    )
    dataset.lists_paths = True
    dataset.class_count = gathered.names.total()
    dataset.declared_classes = gathered.names.declared
    return dataset


def _unknown_sizes(rows: Sequence[Row], sizes: Float) -> list[Finding]:
    """Report missing images, and those of unknown size. sizes: as the frameworks load them, [N, 2]."""
    findings = _missing_images(rows)
    for i in np.flatnonzero(np.isnan(sizes[:, 0])).tolist():
        _, part, member = rows[i]
        file = str(part.images / member.file_name)
        reason = "its header cannot be read" if member.there else "its file does not exist"
        words = f"unknown size of image {member.id!r}: {reason}"
        path = file if member.there else part.label_path(member) or file
        findings.append(Finding("IMG002", words, path, "", member.file_name, f"image {member.id}"))
    return findings


def _turned(count: int) -> list[str]:
    """Return a note on how many images are turned, [] if none is."""
    if not count:
        return []
    are = "images are" if count > 1 else "image is"
    return [f"{count} {are} stored turned (EXIF); sizes and boxes refer to the upright image"]


def _folders(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield the absolute folder of each image, and its name in there."""
    found: dict[tuple[int, str], str] = {}
    for number, part, member in rows:
        key = number, member.below
        if key not in found:
            found[key] = str(part.images.absolute() / member.below)
        yield found[key], member.name


def _missing_images(rows: Sequence[Row]) -> list[Finding]:
    """Report label files without an image, unless there is no image at all."""
    if not any(member.there for *_, member in rows):
        return []
    found: list[Finding] = []
    for _, part, member in rows:
        if not member.there:
            where = Where(str(part.label_path(member)), "", f"image {member.id}")
            found.append(missing_image(part.images, where, member.id))
    return found


def _pixels(xywh: Float, sizes: Float) -> Float:
    """Turn centre and size as shares of the image into corners in pixels: [M, 4], NaN if its size is unknown.

    sizes: [M, 2], width and height of the image of each box.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # results that are not finite are reported
        half = xywh[:, 2:] / 2
        corners = np.concatenate([xywh[:, :2] - half, xywh[:, :2] + half], axis=1)
        pixels: Float = corners * np.tile(sizes, 2)
        return pixels


def _traits(lines: Lines) -> Flags | None:
    """Return the traits of the lines, None where none holds a polygon."""
    if not lines.outline.any():
        return None
    return np.where(lines.outline, np.uint32(BoxTrait.OUTLINE), np.uint32(0))


def _polygon_notes(lines: Lines) -> list[str]:
    """Return a note on polygons, and one that they may be keypoints, which no line says."""
    count = int(lines.outline.sum())
    notes = [f"read as the boxes around them: polygons ({count:,})"] if count else []
    if lines.keypoints is not None:
        keypoints, size = lines.keypoints
        notes.append(
            f"the polygons look like boxes with {keypoints} keypoints each: if they are, set "
            f"`kpt_shape: [{keypoints}, {size}]` in data.yaml; without it, Ultralytics reads polygons"
        )
    return notes


def _image_traits(rows: Sequence[Row]) -> Flags | None:
    """Return the traits of the images, None where all labels are where the frameworks look for them."""
    if all(part.expected is None for _, part, _ in rows):
        return None
    apart = [part.expected is not None and member.labelled for _, part, member in rows]
    return np.where(apart, np.uint32(ImageTrait.LABELS_ELSEWHERE), np.uint32(0))


def _classes(lines: Lines, gathered: Gathered) -> tuple[Int, tuple[Category, ...]]:
    """Return the category of each line, -1 for an undeclared class, and the categories."""
    met = distinct(lines.index)
    known = [i for i in met.tolist() if i != NO_CLASS and gathered.names.has(i)]
    declared = gathered.names.by_index
    order = sorted(declared) if declared is not None else known
    position = {index: number for number, index in enumerate(order)}
    table = np.array([position.get(i, -1) for i in met.tolist()], dtype=np.int64)
    category = table[np.searchsorted(met, lines.index)]
    return category, tuple(Category(index, gathered.names.of(index)) for index in order)


def _class_texts(lines: Lines, category: Int) -> dict[int, str]:
    """Return the class as written for each line whose class is not declared."""
    texts = {row: str(lines.index[row]) for row in np.flatnonzero(category < 0).tolist()}
    return texts | lines.class_words


def _blank_notes(rows: Sequence[Row], status: Sequence[int]) -> list[str]:
    """Return a note on the splits with images that have no label file, or an empty one."""
    counts = []
    met = Counter((part.entry.split, what) for (_, part, _), what in zip(rows, status, strict=True))
    for split in dict.fromkeys(split for split, _ in met):
        total = sum(met[split, what] for what in (READ, EMPTY, ABSENT))
        reasons = [(met[split, ABSENT], "without a label file"), (met[split, EMPTY], "with an empty one")]
        counts.append((split, total, reasons))
    return blank_counts(counts)
