"""The encoder's answer for anchors chosen for foreground, next to those by IoU and the present ones."""

from __future__ import annotations

from typing import Any

from anchoraudit.anchors.foreground.searched import ForegroundFit, Judgement
from anchoraudit.detectors import Detector
from anchoraudit.report import words
from anchoraudit.report.text.terminal import table


def foreground_table(fit: ForegroundFit, detector: Detector) -> object:
    """Return the table of empty images, unmatched boxes and mean IoU for the three sets of anchors."""
    sets = (fit.found, fit.by_iou, fit.present)
    images = words.count(fit.images, "image")
    empty = f"of {images} with usable boxes, those without a matched box"
    rows = [
        ("empty images" if not detector.match.forces else "unmatched images", *_row(sets, "empty"), empty),
        (
            "unmatched boxes",
            *_row(sets, "unmatched"),
            f"of {fit.boxes:,} usable boxes, those that no anchor matches",
        ),
        (
            "mean IoU",
            *(f"{one.clustered.fit.mean_iou:.4f}" for one in sets),
            "of a box with its best anchor, position aside",
        ),
    ]
    title = f"How the encoder of {detector.name} judges them"
    return table(title, ("figure", "these>", "by IoU>", "present>", "meaning"), rows)


def _row(sets: tuple[Judgement, ...], name: str) -> list[str]:
    return [f"{getattr(one, name):,}" for one in sets]


def foreground_builtins(fit: ForegroundFit) -> dict[str, Any]:
    """Return the same numbers for JSON."""
    return {
        "images": fit.images,
        **_of(fit.found),
        "by_iou": {**_of(fit.by_iou), "anchors": [list(anchor) for anchor in fit.by_iou.clustered.anchors]},
        "present": _of(fit.present),
        "evaluations": fit.evaluations,
        "searched_boxes": fit.searched,
        "cut_short": fit.cut_short,
    }


def _of(one: Judgement) -> dict[str, Any]:
    return {
        "empty_images": one.empty,
        "unmatched_boxes": one.unmatched,
        "mean_iou": one.clustered.fit.mean_iou,
    }


def about_search(fit: ForegroundFit, detector: Detector) -> list[str]:
    """Return remarks about the search."""
    said = []
    if fit.cut_short:
        said.append(
            f"the time limit ended the search after {fit.evaluations:,} evaluations, so another run may find "
            "other anchors; a longer --time-limit avoids that"
        )
    if fit.searched < fit.boxes:
        said.append(
            f"the search used {fit.searched:,} boxes of random images; the result is for all {fit.boxes:,}"
        )
    if detector.match.takes_most_alike:
        said.append(
            f"{detector.name} matches every box with its most similar anchor, if that is on a level, and all "
            "of these are: only mean IoU can improve"
        )
    elif detector.match.forces:
        said.append(
            f"{detector.name} forces a box's best anchor to be positive; the numbers count images and boxes "
            "that are matched only in this way, or not at all"
        )
    return said
