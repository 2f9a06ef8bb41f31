"""A finding and a flagged image as keys and values, the same in every output."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.risk import Risk
from anchoraudit.auditing.shares import ByClass, ByLevel
from anchoraudit.classes.table import ClassTable
from anchoraudit.dataset.columns import Category
from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import words
from anchoraudit.rules import Rule


def of_finding(finding: Finding, rule: Rule) -> dict[str, str]:
    """Return all that is known of a finding, with the texts of its rule."""
    return {
        "code": finding.code,
        "severity": rule.severity,
        "message": finding.message,
        "why": rule.why,
        "path": finding.path,
        "place": finding.place,
        "evidence": finding.evidence,
        "suggestion": rule.remedy,
        "thing": finding.thing,
    }


def of_classes(categories: Sequence[Category], counted: ByClass, *, judged: bool) -> list[dict[str, Any]]:
    """Return the classes that have boxes, in the order of the data set, with their numbers of boxes."""
    return [
        {
            "id": category.id,
            "name": category.name,
            "boxes": int(counted.boxes[i]),
            "usable": int(counted.usable[i]),
            **{name: int(counted.of(name)[i]) if judged else None for name in STATUSES[1:]},
        }
        for i, category in enumerate(categories)
        if counted.boxes[i]
    ]


def of_levels(counted: ByLevel | None) -> list[dict[str, Any]]:
    """Return the detector's levels with the usable boxes that each serves; [] if that is unknown."""
    if counted is None:
        return []
    columns = (counted.stride.tolist(), counted.shapes.tolist(), counted.boxes.tolist())
    return [
        {"stride": stride, "shapes": shapes, "boxes": boxes}
        for stride, shapes, boxes in zip(*columns, strict=True)
    ]


def of_risk(risk: Risk) -> dict[str, Any]:
    """Return the risk of NaN at a batch size."""
    return {"batch_size": risk.batch_size, "expected": risk.expected, "chance": risk.chance}


def of_images(audit: Audit, images: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Return flagged images, given their rows. `best_iou` is None without a usable box.

    `p_empty` is there only under random geometry, None if it is unknown.
    """
    return map(partial(_of_image, audit), images, words.whys(audit, images))


def _of_image(audit: Audit, image: int, why: str) -> dict[str, Any]:
    results, dataset = audit.image_results, audit.dataset
    cause, best = int(results.cause[image]), float(results.best_iou[image])
    keys = {
        "image_id": dataset.images.ids[image],
        "file_name": dataset.images.file_names[image],
        "split": dataset.splits[int(dataset.images.split[image])],
        "verdict": VERDICTS[int(results.verdict[image])],
        "cause": CAUSES[cause] if cause >= 0 else "",
        "usable": results.usable_in(image),
        "best_iou": None if math.isnan(best) else best,
        "why": why,
    }
    if audit.sensitivity is not None:
        chance = float(audit.sensitivity.p_empty[image])
        keys["p_empty"] = None if math.isnan(chance) else chance
    return keys


def flagged(audit: Audit, limit: int | None) -> list[int]:
    """Return the rows of the flagged images, worst first, at most `limit`."""
    return words.flagged(audit)[:limit]


def of_class_table(table: ClassTable) -> dict[str, Any]:
    """Return the table of classes, and what its indices follow from."""
    return {
        "rules": None if table.rules is None else table.rules.name,
        "count": table.stated.count or None,
        "stated_in": table.stated.stated_in or None,
        "table": [
            {
                "id": row.id,
                "name": row.name,
                "index": row.index,
                "boxes": row.boxes,
                "splits": list(row.splits) or None,
                "outcome": row.outcome,
                "trained_as": row.trained_as or None,
            }
            for row in table.rows
        ],
    }
