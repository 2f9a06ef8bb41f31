"""The images that are exported, with what was found out about each of them and its boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import ImageId
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.manifest.coco_build import file_name_of
from anchoraudit.report import words

ALL = "all"
LeftOut = Literal["nothing", "boxes", "image"]


@dataclass(frozen=True, slots=True)
class OneBox:
    """A box as the files have it, `xyxy` in pixels. Status and cause are "" where there is none."""

    row: int
    xyxy: tuple[float, float, float, float]
    label: str
    crowd: bool
    status: str
    cause: str
    best_iou: float | None

    @property
    def tags(self) -> list[str]:
        """Status and cause."""
        named = (("status", self.status or "not_usable"), ("cause", self.cause))
        return [f"{name}:{value}" for name, value in named if value]


@dataclass(frozen=True, slots=True)
class OneImage:
    """An image. path: its file, None if it was not found. width, height: pixels, NaN if unknown.

    file_name: below the image folder; below the data set's folder, if it has several image folders.
    causes: of its unmatched boxes, each once. codes: of the errors that were found in it, without a detector.
    """

    row: int
    id: ImageId
    file_name: str
    path: Path | None
    width: float
    height: float
    split: str
    verdict: str
    causes: tuple[str, ...]
    codes: tuple[str, ...]
    boxes: tuple[OneBox, ...]
    audit: Audit

    @property
    def why(self) -> str:
        """Say why it is flagged. Takes longer than all the rest, so it is not said before somebody asks."""
        return words.why(self.audit, self.row)

    @property
    def tags(self) -> list[str]:
        """Verdict, causes, errors and split: `verdict:empty_foreground`, `cause:small`, `split:train`."""
        verdict = [f"verdict:{self.verdict}"] if self.verdict else []
        causes = [f"cause:{cause}" for cause in self.causes]
        errors = [f"error:{code}" for code in self.codes]
        return [*verdict, *causes, *errors, *([f"split:{self.split}"] if self.split else [])]

    @property
    def size_known(self) -> bool:
        """Tell whether width and height are known."""
        return not (math.isnan(self.width) or math.isnan(self.height))


@dataclass(frozen=True)
class Flagged:
    """The images that are exported: their rows, and what all of them share.

    rows: of the boxes that are written, int64 [m], grouped by image. unwritten, left_out: how many boxes of
    these images, and how many images, are left out.
    """

    audit: Audit
    images: list[int]
    rows: Int
    unwritten: int
    left_out: int

    @property
    def boxes_written(self) -> int:
        """The number of boxes in the files."""
        return len(self.rows)

    @cached_property
    def labels(self) -> list[str]:
        """The names of the classes, each once; with "" if a box that is written has none."""
        boxes = self.audit.original.boxes
        unnamed = [""] if (boxes.category[self.rows] < 0).any() else []
        return list(dict.fromkeys([*(c.name for c in self.audit.original.categories), *unnamed]))

    @cached_property
    def tags(self) -> list[str]:
        """All tags of the images, each once."""
        return sorted({tag for image in self for tag in image.tags})

    @cached_property
    def _starts(self) -> Int:
        owners = self.audit.original.boxes.image[self.rows]
        return np.searchsorted(owners, np.arange(len(self.audit.original.images) + 1))

    @cached_property
    def _every(self) -> Int:
        """All boxes, grouped by image: int64 [M]."""
        return self.audit.original.boxes.by_image()

    @cached_property
    def _every_start(self) -> Int:
        owners = self.audit.original.boxes.image[self._every]
        return np.searchsorted(owners, np.arange(len(self.audit.original.images) + 1))

    def __iter__(self) -> Iterator[OneImage]:
        return map(self._image, self.images)

    def remarks(self) -> list[str]:
        """Return what could not be written, as sentences."""
        images = [image for image in self if image.path is None]
        told = []
        if images:
            one = f"{images[0].file_name}" + (f" and {len(images) - 1:,} more" if len(images) > 1 else "")
            told.append(
                f"image files not found, written by their names: {one}; --image-folder names the folder"
            )
        if self.unwritten:
            why = "not finite, or in an image of unknown size"
            told.append(f"{words.count(self.unwritten, 'box')} left out: {why}")
        if self.left_out:
            told.append(f"{words.count(self.left_out, 'image')} of unknown size left out")
        return told

    def _image(self, row: int) -> OneImage:
        result, dataset = self.audit, self.audit.original
        judged = result.replayed is not None
        own = self.rows[self._starts[row] : self._starts[row + 1]]
        every = self._every[self._every_start[row] : self._every_start[row + 1]]
        codes = np.unique(result.box_results.cause[every])
        path = dataset.image_path(row)
        return OneImage(
            row=row,
            id=dataset.images.ids[row],
            file_name=file_name_of(dataset, row),
            path=None if path is None else path.absolute(),
            width=float(dataset.images.width[row]),
            height=float(dataset.images.height[row]),
            split=dataset.splits[int(dataset.images.split[row])],
            verdict=VERDICTS[int(result.image_results.verdict[row])] if judged else "",
            causes=tuple(CAUSES[code] for code in codes.tolist() if code >= 0),
            codes=() if judged else tuple(result.findings.errors_of_image(row, every)),
            boxes=tuple(self._box(box) for box in own.tolist()),
            audit=result,
        )

    def _box(self, row: int) -> OneBox:
        boxes, results = self.audit.original.boxes, self.audit.box_results
        category, cause = int(boxes.category[row]), int(results.cause[row])
        best = float(results.best_iou[row])
        x1, y1, x2, y2 = boxes.xyxy[row].tolist()
        return OneBox(
            row=row,
            xyxy=(x1, y1, x2, y2),
            label=self.audit.original.categories[category].name if category >= 0 else "",
            crowd=bool(boxes.crowd[row]),
            status=STATUSES[int(results.status[row])],
            cause=CAUSES[cause] if cause >= 0 else "",
            best_iou=None if math.isnan(best) else round(best, 4),
        )


def choose(audit: Audit, verdicts: tuple[str, ...], *, without_size: LeftOut = "nothing") -> Flagged:
    """Return the images with these verdicts; those that are flagged if none is named.

    without_size: what is left out of images of unknown size. Raises AnchorauditError for a verdict that
    does not exist, or if no image is left.
    """
    chosen = _chosen(audit, verdicts)
    boxes, sizes = audit.original.boxes, audit.original.images
    unsized = np.isnan(sizes.width + sizes.height)
    images = [row for row in chosen if without_size != "image" or not unsized[row]]
    if not images:
        asked = f"no image has the verdict {' or '.join(verdicts)}" if verdicts else "no image is flagged"
        raise AnchorauditError(
            f"{asked}; nothing was written",
            path=audit.original.root,
            remedy="Name verdicts with --verdict, such as ok or all; `anchoraudit scan` counts them.",
        )
    wanted: Bool = np.zeros(len(sizes), dtype=np.bool_)
    wanted[images] = True
    order = boxes.by_image()
    order = order[wanted[boxes.image[order]]]
    written = np.isfinite(boxes.xyxy[order]).all(axis=1)
    if without_size == "boxes":
        written &= ~unsized[boxes.image[order]]
    unwritten = int(np.count_nonzero(~written))
    return Flagged(audit, images, order[written], unwritten, len(chosen) - len(images))


def _chosen(audit: Audit, verdicts: tuple[str, ...]) -> list[int]:
    for verdict in verdicts:
        if verdict not in (*VERDICTS, ALL):
            known = [*VERDICTS, ALL]
            raise AnchorauditError(
                f"no verdict {verdict!r}",
                remedy=f"{did_you_mean(verdict, known)}Choose from: {', '.join(known)}.",
            )
    count = len(audit.original.images)
    if ALL in verdicts:
        return list(range(count))
    if audit.replayed is not None:
        return words.flagged(audit, *verdicts)
    if verdicts:
        raise AnchorauditError(
            "without a detector there are no verdicts", remedy="Name a detector, or leave out --verdict."
        )
    with_error = audit.findings.has_error("image", count)
    boxes = audit.original.boxes
    with_error[boxes.image[audit.findings.has_error("box", len(boxes))]] = True
    return np.flatnonzero(with_error).tolist()
