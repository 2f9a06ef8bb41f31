"""Which boxes reach the encoder: the default label policy, before any detector.

Crowd boxes are not usable; boxes are clipped to the image; those without area after that are not usable.
Difficult objects are kept unless asked otherwise. A box of an image whose size is unknown reaches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.dataset import Bool, Dataset, Float
from anchoraudit.findings import Finding
from anchoraudit.geometry import clip_boxes, has_area

# Why a box is not usable, in the order in which the reasons are asked; 0 is a usable box.
REASONS = (
    "usable",
    "crowd",
    "difficult",
    "no_box",
    "not_finite",
    "no_area",
    "image_size_unknown",
    "outside",
)
_CODE = {reason: code for code, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Labels:
    """What the policy made of a data set's boxes (M of them).

    usable: bool [M]. reason: int8 [M], index into REASONS. xyxy: float64 [M, 4], clipped to the image,
    pixels of the original image. clipped: bool [M], usable boxes that lost something by it.
    """

    usable: Bool
    reason: npt.NDArray[np.int8]
    xyxy: Float
    clipped: Bool

    def reasons(self) -> dict[str, int]:
        """How many boxes are not usable, by reason; reasons that do not occur are left out."""
        counts = np.bincount(self.reason, minlength=len(REASONS)).tolist()
        return {name: n for name, n in zip(REASONS[1:], counts[1:], strict=True) if n}


def prepare(dataset: Dataset, *, drop_difficult: bool = False) -> Labels:
    """Apply the policy. Order of the boxes is kept."""
    boxes = dataset.boxes
    width, height = dataset.images.width[boxes.image], dataset.images.height[boxes.image]
    xyxy = clip_boxes(boxes.xyxy, width, height)
    finite = np.isfinite(boxes.xyxy)
    reason = np.zeros(len(boxes), dtype=np.int8)
    # Later lines win, so they stand in the reverse of the order in REASONS.
    reason[~has_area(xyxy)] = _CODE["outside"]
    reason[np.isnan(width) | np.isnan(height)] = _CODE["image_size_unknown"]
    reason[~has_area(boxes.xyxy)] = _CODE["no_area"]
    reason[~finite.all(axis=1)] = _CODE["not_finite"]
    reason[np.isnan(boxes.xyxy).all(axis=1)] = _CODE["no_box"]
    if drop_difficult:
        reason[boxes.difficult] = _CODE["difficult"]
    reason[boxes.crowd] = _CODE["crowd"]
    usable = reason == 0
    return Labels(usable, reason, xyxy, usable & (xyxy != boxes.xyxy).any(axis=1))


def findings_of(dataset: Dataset, labels: Labels) -> list[Finding]:
    """Report boxes without area and boxes outside their image, one finding each."""
    found: list[Finding] = []
    for code, reason, text in (
        ("BOX002", "no_area", "box without area"),
        ("BOX003", "outside", "box outside its image"),
    ):
        for row in np.flatnonzero(labels.reason == _CODE[reason]).tolist():
            image = int(dataset.boxes.image[row])
            source = dataset.sources[int(dataset.images.source[image])]
            x1, y1, x2, y2 = (f"{v:g}" for v in dataset.boxes.xyxy[row].tolist())
            evidence = f"x1 {x1}, y1 {y1}, x2 {x2}, y2 {y2}"
            if reason == "outside":
                size = f"{dataset.images.width[image]:g}x{dataset.images.height[image]:g}"
                evidence += f" in an image of {size}"
            path, place = str(source.path), ""
            if dataset.boxes.entry is not None:
                place = f"annotations[{dataset.boxes.entry[row]}]"
            else:
                first = int(np.searchsorted(dataset.boxes.image, image))
                path, place = (
                    str(source.path / f"{dataset.images.ids[image]}.xml"),
                    f"object {row - first + 1}",
                )
            message = f"{text} in image {dataset.images.ids[image]!r}"
            found.append(Finding(code, message, path, place, evidence))
    return found
