"""What the encoder makes of anchors chosen for foreground, beside those by IoU and the present ones."""

from __future__ import annotations

from typing import Any

from anchoraudit.anchors.foreground.searched import ForegroundFit, Judgement
from anchoraudit.detectors import Detector
from anchoraudit.report import words
from anchoraudit.report.text.terminal import table


def foreground_table(fit: ForegroundFit, detector: Detector) -> object:
    """Empty images, unmatched boxes and mean IoU of the three sets of anchors."""
    sets = (fit.found, fit.by_iou, fit.present)
    images = words.count(fit.images, "image")
    empty = f"of {images} with usable boxes, those of which no box is matched"
    rows = [
        ("empty images" if not detector.match.forces else "unmatched images", *_row(sets, "empty"), empty),
        (
            "unmatched boxes",
            *_row(sets, "unmatched"),
            f"of {fit.boxes:,} usable boxes, those without an anchor that matches them",
        ),
        (
            "mean IoU",
            *(f"{one.clustered.fit.mean_iou:.4f}" for one in sets),
            "of a box with its best anchor, both centred",
        ),
    ]
    title = f"What the encoder of {detector.name} makes of them"
    return table(title, ("figure", "these>", "by IoU>", "present>", "meaning"), rows)


def _row(sets: tuple[Judgement, ...], name: str) -> list[str]:
    return [f"{getattr(one, name):,}" for one in sets]


def foreground_builtins(fit: ForegroundFit) -> dict[str, Any]:
    """Return the same for JSON."""
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
    """What is to be said about the search."""
    said = []
    if fit.cut_short:
        said.append(
            f"the time limit ended the search after {fit.evaluations:,} evaluations: another run may find "
            "other anchors; a longer --time-limit lets it end by itself"
        )
    if fit.searched < fit.boxes:
        said.append(
            f"searched on {fit.searched:,} boxes of images drawn at random, judged on all {fit.boxes:,}"
        )
    if detector.match.takes_most_alike:
        said.append(
            f"{detector.name} matches every box with its most similar anchor where that is on a level, as "
            "all of these are: only mean IoU is left"
        )
    elif detector.match.forces:
        said.append(
            f"{detector.name} forces a box's best anchor to be positive: counted are images and boxes that "
            "are matched only so, or not at all"
        )
    return said
