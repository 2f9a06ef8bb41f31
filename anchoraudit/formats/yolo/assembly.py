"""Joins the images, sizes and label lines of a YOLO data set to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Flags, Source
from anchoraudit.dataset.conventions import CXCYWH_FRACTIONS
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._builder import Part as Columns
from anchoraudit.formats._builder import Where, blank_counts, join, missing_image
from anchoraudit.formats.yolo.gathering import Gathered, gather
from anchoraudit.formats.yolo.lines import ABSENT, BROKEN, EMPTY, NO_CLASS, READ, Lines, read_lines
from anchoraudit.formats.yolo.members import Member, Part
from anchoraudit.formats.yolo.values import report_classes, report_values
from anchoraudit.images.sizes import read_sizes

_Row = tuple[int, Part, Member]  # index of the part, the part, and one of its images


def assemble(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a data set. Raises AnchorauditError as `yolo.read` does."""
    gathered = gather(detection, options)
    every: list[_Row] = [
        (n, part, member) for n, part in enumerate(gathered.parts) for member in part.members
    ]
    paths = [part.label_path(member) for _, part, member in every]
    lines = read_lines(paths, gathered.columns)
    # An image whose label file cannot be read is neither annotated nor blank. It is dropped, with a finding.
    kept = np.array([status != BROKEN for status in lines.status], dtype=np.bool_)
    rows = [row for row, keep in zip(every, kept.tolist(), strict=True) if keep]
    sizes, findings, notes = _sizes(rows)
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
        convention=CXCYWH_FRACTIONS,
        label_lines={int(number[file]): text for file, text in lines.texts.items() if kept[file]},
        findings=list(dict.fromkeys([*gathered.findings, *findings])),
        notes=[*gathered.notes, *notes, *_blank_notes(every, lines.status)],
    )
    labelled = sum(path is not None for path in paths)
    recognised = f"YOLO: {detection.reason}, {labelled:,} label file(s)"
    dataset = join(
        detection, [columns], recognised=recognised, splits=gathered.splits, classes_are_indices=True
    )
    dataset.class_count = gathered.names.total()
    dataset.declared_classes = gathered.names.declared
    return dataset


def _sizes(rows: Sequence[_Row]) -> tuple[Float, list[Finding], list[str]]:
    """Return the sizes of the images as the frameworks load them, [N, 2] in pixels, findings, and notes."""
    files = [part.images / member.file_name for _, part, member in rows]
    sizes, turned = read_sizes(files, upright=True)
    findings = _missing_images(rows)
    for i in np.flatnonzero(np.isnan(sizes[:, 0])).tolist():
        _, part, member = rows[i]
        reason = "its header cannot be read" if member.there else "its file does not exist"
        words = f"unknown size of image {member.id!r}: {reason}"
        path = str(files[i]) if member.there else part.label_path(member) or str(files[i])
        findings.append(Finding("IMG002", words, path, "", member.file_name, f"image {member.id}"))
    notes = []
    if turned:
        are = "images are" if turned > 1 else "image is"
        notes.append(f"{turned} {are} stored turned (EXIF); sizes and boxes refer to the upright image")
    return sizes, findings, notes


def _missing_images(rows: Sequence[_Row]) -> list[Finding]:
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


def _classes(lines: Lines, gathered: Gathered) -> tuple[Int, tuple[Category, ...]]:
    """Return the category of each line, -1 for an undeclared class, and the categories."""
    met = np.unique(lines.index)
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


def _blank_notes(rows: Sequence[_Row], status: Sequence[int]) -> list[str]:
    """Return a note on the splits with images that have no label file, or an empty one."""
    counts = []
    met = Counter((part.entry.split, what) for (_, part, _), what in zip(rows, status, strict=True))
    for split in dict.fromkeys(split for split, _ in met):
        total = sum(met[split, what] for what in (READ, EMPTY, ABSENT))
        reasons = [(met[split, ABSENT], "without a label file"), (met[split, EMPTY], "with an empty one")]
        counts.append((split, total, reasons))
    return blank_counts(counts)
