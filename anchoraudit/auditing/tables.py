"""The audit as pandas tables: the columns of the exports and of the library's DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from anchoraudit.arrays import Int
from anchoraudit.dataset.fates import FATES, MOVED
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS, WITHOUT_FOREGROUND

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit


def images_frame(audit: Audit) -> pd.DataFrame:
    """Return one row for each image, in file order.

    Columns: image_id, file_name, width, height (pixels, empty if unknown), boxes, usable, matched, forced
    (numbers of boxes), foreground (whether a box is positive, or can be; empty if unknown), best_iou (of its
    usable boxes, empty without any), verdict, cause. With a loader also loader (kept, dropped or raises) and
    loader_reason. With counts also positives, negatives, ignored (numbers of anchors). Under random geometry
    also p_empty (share of draws without foreground, empty if unknown). With several splits also split.
    Without a detector, what it would decide is empty.
    """
    dataset, results = audit.dataset, audit.image_results
    foreground = pd.array(~audit.verdict_is(*WITHOUT_FOREGROUND), dtype="boolean")
    foreground[audit.verdict_is("unknown", "left_out") | (audit.replayed is None)] = pd.NA
    columns: dict[str, Any] = {
        "image_id": encodable(dataset.images.ids),
        "file_name": encodable(dataset.images.file_names),
        "width": _pixels(dataset.images.width),
        "height": _pixels(dataset.images.height),
        "boxes": results.boxes,
        "usable": results.usable,
        "matched": _judged(audit, results.matched),
        "forced": _judged(audit, results.forced),
        "foreground": foreground,
        "best_iou": results.best_iou,
        "verdict": _names(results.verdict, VERDICTS),
        "cause": _names(results.cause, CAUSES),
    }
    if audit.loaded is not None:
        fate = audit.loaded.image_fate
        columns["loader"] = _names(fate, FATES)
        told = (fate > 0) | (audit.loaded.stop_rule > 0)
        columns["loader_reason"] = _texts(audit.loaded.reason_of_image, told)
    if results.counts is not None:
        for number, name in enumerate(("positives", "negatives", "ignored")):
            counted = results.counts[:, number]
            columns[name] = pd.array(counted, dtype="Int64")
            columns[name][counted < 0] = pd.NA
    if audit.sensitivity is not None:
        columns["p_empty"] = audit.sensitivity.p_empty
    if len(dataset.splits) > 1:
        columns["split"] = dataset.split_names
    return pd.DataFrame(columns)


def boxes_frame(audit: Audit) -> pd.DataFrame:
    """Return one row for each box, grouped by image, in file order within each image.

    Columns: image_id; box (number among the image's usable boxes, from 0, empty for the others);
    annotation_id (empty for VOC); label; x1, y1, x2, y2 (pixels of the original image: as the loader hands
    them over, else as in the file); usable; best_iou; status; cause; candidates (how many points can become
    positive for it, were it alone; empty for a detector with anchors). With a loader also loader (kept,
    moved: kept with other coordinates, dropped or raises) and loader_reason. With counts also assigned (how
    many anchors or points train this box, empty where predictions decide). Under random geometry also
    p_untrained (share of epochs without training, empty where not usable). With several splits also split.
    """
    dataset, results = audit.dataset, audit.box_results
    order = dataset.boxes.by_image()
    boxes, usable = dataset.boxes.take(order), results.usable[order]
    image = boxes.image
    ids = pd.Series(encodable(dataset.images.ids), dtype=object)
    labels = encodable([category.name for category in dataset.categories])
    names = np.array([*labels, ""], dtype=object)
    columns: dict[str, Any] = {
        "image_id": ids.take(image).infer_objects().array,
        "box": _numbers_within_image(image, usable),
        "annotation_id": pd.array([None] * len(image), dtype="string")
        if boxes.annotation_ids is None
        else boxes.annotation_ids,
        "label": names[boxes.category],
        **{name: boxes.xyxy[:, i] for i, name in enumerate(("x1", "y1", "x2", "y2"))},
        "usable": usable,
        "best_iou": results.best_iou[order],
        "status": _names(results.status[order], STATUSES),
        "cause": _names(results.cause[order], CAUSES),
        "candidates": _known(None if results.candidates is None else results.candidates[order], len(order)),
    }
    if audit.loaded is not None:
        fate = audit.loaded.box_fate[order]
        columns["loader"] = _names(fate, FATES)
        columns["loader_reason"] = _texts(audit.loaded.reason_of_box, fate > MOVED, order)
    if results.assigned is not None:
        columns["assigned"] = _known(np.where(usable, results.assigned[order], -1), len(order))
    if audit.sensitivity is not None:
        columns["p_untrained"] = audit.sensitivity.p_untrained[order]
    if len(dataset.splits) > 1:
        columns["split"] = np.array(dataset.splits, dtype=object)[dataset.images.split[image]]
    return pd.DataFrame(columns)


def _texts(
    told: Callable[[int], str], asked: np.ndarray[Any, Any], rows: np.ndarray[Any, Any] | None = None
) -> list[str]:
    """Return what is told of each row that is asked for, "" for the others."""
    texts = [""] * len(asked)
    for i in np.flatnonzero(asked).tolist():
        texts[i] = told(i if rows is None else int(rows[i]))
    return encodable(texts)


def _known(numbers: Int | None, count: int) -> Any:
    """Return a column of `count` numbers in which those below 0 are empty; None: all are."""
    column = pd.array([0] * count if numbers is None else numbers, dtype="Int64")
    column[np.ones(count, dtype=np.bool_) if numbers is None else numbers < 0] = pd.NA
    return column


def _judged(audit: Audit, numbers: Int) -> Any:
    """Return numbers that a detector decides; without one, a column of empty values."""
    return numbers if audit.replayed is not None else pd.array([None] * len(numbers), dtype="Int64")


def encodable(values: list[Any]) -> list[Any]:
    """Escape letters that UTF-8 cannot encode, as in file names of arbitrary bytes.

    Tables refuse such text.
    """
    try:
        "".join(map(str, values)).encode()
    except UnicodeEncodeError:
        return [v.encode("utf-8", "backslashreplace").decode() if isinstance(v, str) else v for v in values]
    return values


def _pixels(values: np.ndarray[Any, Any]) -> Any:
    """Return sizes as integers if all of them are whole, empty if unknown."""
    known = values[~np.isnan(values)]
    if bool(np.all(known == np.floor(known))):
        return pd.array(np.where(np.isnan(values), 0, values), dtype="Int64")._where(~np.isnan(values), pd.NA)  # type: ignore[attr-defined]
    return values


def _names(codes: np.ndarray[Any, Any], names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    table = np.array([*names, ""], dtype=object)  # -1 is ""
    chosen: np.ndarray[Any, Any] = table[codes]
    return chosen


def _numbers_within_image(image: np.ndarray[Any, Any], usable: np.ndarray[Any, Any]) -> Any:
    """Number the usable boxes of each image from 0; the others are empty."""
    running = np.cumsum(usable) - usable
    first = np.searchsorted(image, image)
    numbers = pd.array(running - running[first] if len(image) else running, dtype="Int64")
    numbers[~usable] = pd.NA
    return numbers
