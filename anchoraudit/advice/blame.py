"""What in a batch explains a loss that is NaN, or an error of the framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import are_finite, has_area
from anchoraudit.dataset.fates import KEPT
from anchoraudit.dataset.labels import REASON_MEANING, REASONS
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.errors_raised import FLAT
from anchoraudit.encoding.errors_raised import reason as reason_to_raise
from anchoraudit.encoding.verdicts import VERDICTS, WITHOUT_FOREGROUND


@dataclass(frozen=True, slots=True)
class OddBox:
    """A box that is not finite, is inverted, has no area, or at which the model stops.

    row: its row in the data set. image: that of its image. xyxy: pixels, as the files have them. kind: what
    is odd about it. does: what becomes of it. stops: training ends there, or its loss is NaN.
    """

    row: int
    image: int
    xyxy: tuple[float, float, float, float]
    kind: str
    does: str
    stops: bool


@dataclass(frozen=True, slots=True)
class BlamedImage:
    """An image of a batch: its row, its size in pixels (NaN where unknown), its boxes, verdict and cause."""

    row: int
    file_name: str
    image_id: int | str
    width: float
    height: float
    boxes: int
    usable: int
    verdict: str
    cause: str


@dataclass(frozen=True, slots=True)
class Blamed:
    """A batch, looked at.

    images: in the order of the batch. odd: their odd boxes. explains: sentences, each of which explains a
    loss that is NaN, or an error; () if nothing does. loss: how many images have foreground, and what the
    detector's loss does without, as a sentence. is_of_loss: the loss is 0/0.
    """

    images: tuple[BlamedImage, ...]
    odd: tuple[OddBox, ...]
    explains: tuple[str, ...]
    loss: str
    is_of_loss: bool


def blame(audit: Audit, rows: Sequence[int]) -> Blamed:
    """Say what in a batch of images explains a loss that is NaN, or an error.

    Parameters
    ----------
    audit : Audit
        The data set under the detector that is trained.
    rows : sequence of int
        The rows of the batch's images in `audit.dataset.images`. An image may be there twice.

    Returns
    -------
    Blamed
        The images, their odd boxes, and what explains a NaN or an error.

    Raises
    ------
    AnchorauditError
        If the audit has no detector.

    Examples
    --------
    >>> result = audit("sample_data/coco")
    >>> blame(result, result.images_with("blank")).explains
    ('No image of this batch has foreground, and the loss divides by the positives of the batch: 0/0 = NaN',)
    """
    images = tuple(_image(audit, row) for row in rows)
    distinct = list(dict.fromkeys(rows))
    odd = tuple(box for row in distinct for box in _odd_boxes(audit, row))
    stops = [_stops(audit, row) for row in distinct]
    of_loss = _of_loss(audit, images)
    explains = (*filter(None, stops), *of_loss)
    return Blamed(images, odd, explains, _loss(audit, images), bool(of_loss))


def called(name: str) -> str:
    """Return what a sentence calls an image: `a.jpg`, and `image 5` where its name is a number only.

    Examples
    --------
    >>> called("a.jpg"), called("5")
    ('a.jpg', 'image 5')
    """
    return f"image {name}" if name.isdecimal() else name


def _image(audit: Audit, row: int) -> BlamedImage:
    images, results = audit.dataset.images, audit.image_results
    cause = int(results.cause[row])
    return BlamedImage(
        row,
        images.file_names[row],
        images.ids[row],
        float(images.width[row]),
        float(images.height[row]),
        int(results.boxes[row]),
        results.usable_in(row),
        VERDICTS[int(results.verdict[row])],
        CAUSES[cause] if cause >= 0 else "",
    )


def _stops(audit: Audit, row: int) -> str:
    """Say why the framework stops at an image, or why its loss is NaN; "" if it does neither."""
    name = called(audit.dataset.images.file_names[row])
    loaded, admitted = audit.loaded, audit.admitted
    if loaded is not None and (loaded.image_fate[row] != KEPT or loaded.stop_rule[row]):
        return f"{name}: {loaded.does_with(row)}: {loaded.reason_of_image(row)}"
    if admitted is not None and len(fatal := admitted.fatal_among(audit.boxes_of(row))):
        others = len(fatal) - 1
        more = f" (and {others} more such box{'es' * (others > 1)})" if others else ""
        return f"{name}: {_named(audit, row, int(fatal[0]))}: {admitted.words(int(fatal[0]))}{more}"
    if code := int(audit.image_results.raises[row]):
        flat = _flat_on_input(audit, row) if code == FLAT else []
        box = f"{_named(audit, row, flat[0])}: " if flat else ""
        return f"{name}: {box}{reason_to_raise(code, audit.detector)}"
    match = audit.detector.match
    if match.no_candidates == "raises" and audit.verdict_is("empty_foreground")[row]:
        own = f": {match.no_candidates_error}" if match.no_candidates_error else ""
        return f"{name}: no box has a candidate, on which the framework raises{own}"
    return ""


def _named(audit: Audit, image: int, row: int) -> str:
    """Name a box by its number in its image, from 0, and its corners: `box 1 (500, 180, 500, 210)`."""
    number = audit.boxes_of(image).tolist().index(row)
    corners = ", ".join(f"{value:g}" for value in audit.original.boxes.xyxy[row].tolist())
    return f"box {number} ({corners})"


def _flat_on_input(audit: Audit, image: int) -> list[int]:
    """Return the rows of the boxes of an image that have no area on the network's input."""
    rows = audit.boxes_of(image)
    rows = rows[audit.labels.usable[rows]]
    flat: list[int] = rows[~has_area(audit.net_boxes(rows))].tolist()
    return flat


def _has_foreground(images: Sequence[BlamedImage]) -> Bool:
    """Tell which images have foreground, surely or possibly: bool [n]."""
    return np.array([image.verdict not in WITHOUT_FOREGROUND for image in images], dtype=np.bool_)


def _of_loss(audit: Audit, images: Sequence[BlamedImage]) -> list[str]:
    """Say whether the loss of the batch is 0/0."""
    loss = audit.detector.loss
    if loss.outcome != "nan" or not images:
        return []
    without = ~_has_foreground(images)
    if loss.normaliser.startswith("image_"):
        names = list(dict.fromkeys(i.file_name for i, no in zip(images, without, strict=True) if no))
        return [
            f"{called(name)}: no foreground, and the loss divides by its positives: 0/0 = NaN"
            for name in names
        ]
    if without.all():
        return [
            "No image of this batch has foreground, and the loss divides by the positives of the batch: "
            "0/0 = NaN"
        ]
    return []


def _loss(audit: Audit, images: Sequence[BlamedImage]) -> str:
    with_foreground = int(_has_foreground(images).sum())
    return (
        f"{with_foreground} of {len(images)} images have foreground; with this detector, "
        f"{audit.detector.on_empty}"
    )


def _odd_boxes(audit: Audit, image: int) -> list[OddBox]:
    boxes = audit.boxes_of(image)
    xyxy = audit.original.boxes.xyxy[boxes]
    fatal = _fatal(audit, boxes)
    plain = are_finite(xyxy) & has_area(xyxy)
    found: list[OddBox] = []
    for row, corners, is_plain, stops in zip(
        boxes.tolist(), xyxy.tolist(), plain.tolist(), fatal.tolist(), strict=True
    ):
        if not is_plain or stops:
            x1, y1, x2, y2 = corners
            kind = _kind((x1, y1, x2, y2))
            found.append(OddBox(row, image, (x1, y1, x2, y2), kind, _does(audit, row), stops))
    return found


def _fatal(audit: Audit, boxes: Int) -> Bool:
    if audit.admitted is None:
        return np.zeros(len(boxes), dtype=np.bool_)
    return np.isin(boxes, audit.admitted.fatal_among(boxes))


def _kind(corners: tuple[float, float, float, float]) -> str:
    x1, y1, x2, y2 = corners
    if not np.isfinite(corners).all():
        return "not finite"
    if x2 < x1 or y2 < y1:
        return "inverted"
    if x2 == x1 or y2 == y1:
        return "without area"
    return "ordinary"


def _does(audit: Audit, row: int) -> str:
    """Say what becomes of a box: in the loader, in the model, or by the plain policy."""
    loaded, admitted = audit.loaded, audit.admitted
    if loaded is not None and not loaded.trains[row]:
        return f"loader {loaded.loader} drops it: {loaded.reason_of_box(row)}"
    if admitted is not None and row in admitted.rows and (said := admitted.words(row)):
        return said
    reason = REASONS[int(audit.labels.reason[row])]
    return "is trained as it stands" if reason == "usable" else f"not usable: {REASON_MEANING[reason]}"
