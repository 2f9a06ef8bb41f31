"""Decide what can be fixed, as columns next to those of the data set, and apply it to a copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.boxes import ROUNDING, box_sizes, clip_boxes
from anchoraudit.dataset import labels
from anchoraudit.dataset.columns import Boxes, Dataset, Images
from anchoraudit.dataset.duplicates import exact_duplicates, near_duplicates
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.locations import findings_elsewhere
from anchoraudit.dataset.outside import far_outside
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes.changes import DROPPED, Change, changes_of
from anchoraudit.fixes.numbers import area_follows, own_areas
from anchoraudit.formats.coco.text import Texts
from anchoraudit.images.inspection import look

_OVERHANG = 1.0  # pixels; more is another mistake, BOX006
_LEAST_SIDE = 1.0  # pixels; an inverted box below it may as well be a click
_NOT_COMPARED = {
    "no_folder": "sizes were not compared with the image files: no folder of images is known",
    "turned": "{:,} image(s) keep their size: it is that of the image after its EXIF orientation",
    "absent": "sizes of {:,} image(s) were not compared: their files are not there",
}
_TURNING = 5  # EXIF orientations 5 to 8 swap width and height


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do to a data set of N images, M boxes and C categories.

    dropped: int8 [M], index into DROPPED. twin: int64 [M], the row that a duplicate equals, else -1.
    xyxy: float64 [M, 4], the boxes after that, as a reader of the written file gets them.
    clipped: bool [M], boxes that change by clipping. exchanged: bool [M], boxes whose minimum and maximum
    are exchanged, which are clipped too where they reach out. swapped: bool [N], images whose sides are
    swapped.
    category_ids: the new id of each category, None if ids stay.
    Boxes that the user had read in another convention than that of their files (`Dataset.reread`) are written
    in that of the format.
    not_compared: how many images kept their size, by the reason, a name of `_NOT_COMPARED`.
    remarks_on_ids: why category ids stay.
    """

    dataset: Dataset
    dropped: Int8
    twin: Int
    xyxy: Float
    clipped: Bool
    exchanged: Bool
    swapped: Bool
    category_ids: tuple[int, ...] | None = None
    not_compared: Mapping[str, int] = field(default_factory=dict)
    remarks_on_ids: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What could not be done, and why."""
        return (*told_of_sizes(self.not_compared), *self.remarks_on_ids)

    @property
    def renumbered(self) -> Bool:
        """Tell which categories get a new id: bool [C]."""
        old = [category.id for category in self.dataset.categories]
        new = old if self.category_ids is None else self.category_ids
        return np.array([a != b for a, b in zip(old, new, strict=True)], dtype=np.bool_)

    @property
    def changed(self) -> Bool:
        """Tell which boxes get other coordinates: bool [M]."""
        return self.clipped | self.exchanged

    @property
    def rewritten(self) -> Bool:
        """Tell which boxes get other numbers in what is written: bool [M]."""
        return self.changed | self.dataset.reread

    @property
    def counts(self) -> dict[str, int]:
        """The number of boxes, images or categories for each fix, by its name."""
        dropped = np.bincount(self.dropped, minlength=len(DROPPED)).tolist()
        counts = {"clipped": int(np.count_nonzero(self.clipped))}
        counts |= dict(zip(DROPPED[1:], dropped[1:], strict=True))
        counts |= {"exchanged": int(np.count_nonzero(self.exchanged))}
        counts |= {"reread": int(np.count_nonzero(self.dataset.reread & (self.dropped == 0)))}
        counts |= {"swapped": int(np.count_nonzero(self.swapped))}
        return counts | {"renumbered": int(np.count_nonzero(self.renumbered))}

    def apply(self, dataset: Dataset) -> Dataset:
        """Return a fixed copy of the data set for which the plan was made, with boxes as its format has them.

        Findings about dropped boxes are dropped, all others stay. Raises AnchorauditError if the plan was
        made for another data set.
        """
        if len(dataset.boxes) != len(self.dropped) or len(dataset.images) != len(self.swapped):
            raise AnchorauditError("the plan was made for another data set", remedy="Plan anew.")
        categories = dataset.categories
        if self.category_ids is not None:
            pairs = zip(self.category_ids, categories, strict=True)
            categories = tuple(replace(category, id=identity) for identity, category in pairs)
        return replace(
            dataset,
            images=self._images(dataset.images),
            boxes=self._boxes(dataset.boxes),
            categories=categories,
            findings=self._findings(dataset),
            notes=list(dataset.notes),
            read_as=None,
        )

    def changes(self, keep: Bool | None = None, texts: Texts | None = None) -> list[Change]:
        """List every change, in the order of files, images and boxes.

        keep: bool [N], the images that are written; of the others only dropped boxes are listed. texts: the
        sources of a COCO data set, if some are open already. Values are the old and the new text in the file.
        """
        return changes_of(self, np.ones_like(self.swapped) if keep is None else keep, texts)

    def _images(self, images: Images) -> Images:
        return replace(
            images,
            ids=list(images.ids),
            file_names=list(images.file_names),
            width=np.where(self.swapped, images.height, images.width),
            height=np.where(self.swapped, images.width, images.height),
        )

    def _boxes(self, boxes: Boxes) -> Boxes:
        area = boxes.area
        if area is not None:
            follows = area_follows(boxes, self.changed)
            area = np.where(follows, own_areas(self.xyxy), area)
        entry = boxes.positions() if boxes.entry is None else boxes.entry
        fixed = replace(boxes, xyxy=self.xyxy, area=area, entry=entry)
        return fixed.take(np.flatnonzero(self.dropped == 0))

    def _findings(self, dataset: Dataset) -> list[Finding]:
        return findings_elsewhere(dataset, np.flatnonzero(self.dropped == DROPPED.index("not_finite")))


def no_fixes(dataset: Dataset) -> Plan:
    """Return a plan that fixes nothing. It writes reread boxes in the convention of their format."""
    boxes, images = len(dataset.boxes), len(dataset.images)
    none = np.zeros(boxes, dtype=np.bool_)
    return Plan(
        dataset,
        dropped=np.zeros(boxes, dtype=np.int8),
        twin=np.full(boxes, -1, dtype=np.int64),
        xyxy=dataset.boxes.xyxy.copy(),
        clipped=none,
        exchanged=none.copy(),
        swapped=np.zeros(images, dtype=np.bool_),
    )


def plan(
    dataset: Dataset,
    *,
    unsafe: bool = False,
    image_cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Plan the fixes of a data set. The data set itself does not change.

    Safe: clip boxes that reach past their image by at most a pixel. Drop boxes that are not finite, have no
    area or are inverted, lie outside or far outside their image, or equal an earlier one. Unsafe, before
    that: swap width and height of an image if its file has them swapped and no EXIF orientation explains it.
    Unsafe, after that: of boxes of one class with an IoU of 0.95 or more keep the first; renumber the
    category ids of a COCO data set to 1 to n, in the same order. Unsafe, and in place of dropping them:
    exchange minimum and maximum of inverted boxes that then lie in their image.

    image_cache: a file that remembers facts about image files. progress: called with (image files checked,
    all). No image is decoded.
    """
    swapped = np.zeros(len(dataset.images), dtype=np.bool_)
    category_ids: tuple[int, ...] | None = None
    not_compared: dict[str, int] = {}
    remarks: list[str] = []
    if unsafe:
        swapped = _swapped(dataset, image_cache, progress, not_compared)
        category_ids = new_category_ids(dataset, int(np.count_nonzero(dataset.boxes.category < 0)), remarks)
    images = dataset.images
    upright = replace(
        images,
        width=np.where(swapped, images.height, images.width),
        height=np.where(swapped, images.width, images.height),
    )
    # Boxes of crowds are fixed like any other, although they do not reach an encoder.
    plain = replace(dataset.boxes, crowd=np.zeros(len(dataset.boxes), dtype=np.bool_))
    seen = replace(dataset, images=upright, boxes=plain)
    exchanged = _exchangeable(seen) if unsafe else np.zeros(len(plain), dtype=np.bool_)
    xyxy = dataset.boxes.xyxy.copy()
    xyxy[exchanged] = _exchanged(xyxy[exchanged])
    seen = replace(seen, boxes=replace(plain, xyxy=xyxy.copy()))
    reason = labels.prepare(seen).reason
    dropped = np.zeros(len(reason), dtype=np.int8)
    for code, name in enumerate(DROPPED):
        if name in labels.REASONS:
            dropped[reason == labels.REASONS.index(name)] = code
    far = far_outside(seen, np.arange(len(reason)))
    dropped[far] = DROPPED.index("far_outside")
    clipped = (reason == 0) & ~far & _reaches_out(seen)
    xyxy[clipped] = _clipped(seen, clipped)
    twin = np.full(len(xyxy), -1, dtype=np.int64)
    for name, find in (("exact_duplicate", exact_duplicates), ("near_duplicate", near_duplicates)):
        if unsafe or find is exact_duplicates:
            left = np.where((dropped == 0)[:, None], xyxy, np.nan)
            first = find(replace(dataset, boxes=replace(dataset.boxes, xyxy=left)))
            dropped[first >= 0] = DROPPED.index(name)
            twin = np.maximum(twin, first)
    exchanged &= dropped == 0
    clipped &= (dropped == 0) & ~exchanged
    more = category_ids, not_compared, tuple(remarks)
    return Plan(dataset, dropped, twin, xyxy, clipped, exchanged, swapped, *more)


def _exchangeable(dataset: Dataset) -> Bool:
    """Tell which boxes are inverted, and would lie in their image with minimum and maximum exchanged: [M].

    Only where that is likely to be the box that was meant: both sides of a pixel or more, nothing further
    outside than clipping mends, and the image of a known size.
    """
    xyxy, image = dataset.boxes.xyxy, dataset.boxes.image
    with np.errstate(invalid="ignore", over="ignore"):
        sides = box_sizes(xyxy)
        inverted, finite = (sides < 0).any(axis=1), np.isfinite(xyxy).all(axis=1)
    found: Bool = np.logical_and(inverted, finite)
    rows = np.flatnonzero(found)
    low, high = np.minimum(xyxy[rows, :2], xyxy[rows, 2:]), np.maximum(xyxy[rows, :2], xyxy[rows, 2:])
    limits = np.column_stack([dataset.images.width[image[rows]], dataset.images.height[image[rows]]])
    inside = (low >= -_OVERHANG) & (high <= limits + _OVERHANG) & (np.abs(sides[rows]) >= _LEAST_SIDE)
    found[rows] = inside.all(axis=1)
    return found


def _exchanged(xyxy: Float) -> Float:
    """Return boxes [M, 4] with minimum and maximum exchanged where they are the wrong way round.

    Minimum and size lose the noise of x + width; the maximum is their sum, as a reader of COCO computes it.
    """
    ordered = xyxy.copy()
    for low, high in ((0, 2), (1, 3)):
        rows = np.flatnonzero(xyxy[:, low] > xyxy[:, high])
        ordered[rows, low] = np.round(xyxy[rows, high], 9)
        ordered[rows, high] = ordered[rows, low] + np.round(xyxy[rows, low] - xyxy[rows, high], 9)
    return ordered


def _reaches_out(dataset: Dataset) -> Bool:
    """Tell which boxes reach past their image by at most a pixel: [M]."""
    xyxy, image = dataset.boxes.xyxy, dataset.boxes.image
    past = np.maximum(-xyxy[:, 0], -xyxy[:, 1])
    with np.errstate(invalid="ignore"):
        np.maximum(past, xyxy[:, 2] - dataset.images.width[image], out=past)
        np.maximum(past, xyxy[:, 3] - dataset.images.height[image], out=past)
        found: Bool = (past > ROUNDING) & (past <= _OVERHANG + ROUNDING)
    return found


def _clipped(dataset: Dataset, rows: Bool) -> Float:
    """Return the boxes clipped to their images.

    Where one end moves, the other loses the noise of x + width.
    """
    xyxy, image = dataset.boxes.xyxy[rows], dataset.boxes.image[rows]
    inside = clip_boxes(xyxy, dataset.images.width[image], dataset.images.height[image])
    for low, high in ((0, 2), (1, 3)):
        plain = np.round(inside[:, high], 9)
        moved = (inside[:, low] != xyxy[:, low]) & (inside[:, high] == xyxy[:, high])
        moved &= plain > inside[:, low]
        inside[moved, high] = plain[moved]
    return inside


def _swapped(
    dataset: Dataset,
    cache: Path | None,
    progress: Callable[[int, int], None] | None,
    not_compared: dict[str, int],
) -> Bool:
    """Tell which images declare their file's size with the sides swapped: [N]. Counts those that keep it."""
    images = dataset.images
    image_files = look(dataset, "header", cache=cache, progress=progress)
    if image_files is None:
        not_compared["no_folder"] = 1
        return np.zeros(len(images), dtype=np.bool_)
    swapped: Bool = (images.width == image_files.height) & (images.height == image_files.width)
    swapped &= images.width != images.height
    if images.measured is not None:
        swapped &= ~images.measured
    turned = swapped & (image_files.orientation >= _TURNING)
    not_compared["turned"] = int(np.count_nonzero(turned))
    not_compared["absent"] = int(np.count_nonzero(~image_files.present))
    return swapped & ~turned


def told_of_sizes(not_compared: Mapping[str, int]) -> list[str]:
    """Say which images kept their size. not_compared: how many, as of a `Plan`."""
    return [
        words.format(not_compared[name]) for name, words in _NOT_COMPARED.items() if not_compared.get(name)
    ]


def new_category_ids(dataset: Dataset, undeclared: int, remarks: list[str]) -> tuple[int, ...] | None:
    """Return the new id of each category of a COCO data set, None if ids stay; then `remarks` may say why.

    undeclared: how many boxes are of none of them.
    """
    old = [category.id for category in dataset.categories]
    whole = sorted({identity for identity in old if isinstance(identity, int)})
    if not dataset.declares_ids or whole == list(range(1, len(whole) + 1)):
        return None  # where names are the ids, classes are numbered as they become COCO
    if len(set(old)) > len(whole):
        remarks.append("category ids stay as they are: some of them are strings")
        return None
    if undeclared:
        # Under the new ids an undeclared one could be that of a class.
        remarks.append(
            f"category ids stay as they are: {undeclared:,} annotation(s) have one that is not declared"
        )
        return None
    new = {identity: number for number, identity in enumerate(whole, 1)}
    return tuple(new[identity] for identity in old if isinstance(identity, int))
