"""A finding and a flagged image as keys and values, the same in every output."""

from __future__ import annotations

import math
from typing import Any

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.causes import CAUSES
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


def of_image(audit: Audit, image: int) -> dict[str, Any]:
    """Return a flagged image, given its row. `best_iou` is None without a usable box.

    `p_empty` is there only under random geometry, None if it is unknown.
    """
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
        "why": words.why(audit, image),
    }
    if audit.sensitivity is not None:
        chance = float(audit.sensitivity.p_empty[image])
        keys["p_empty"] = None if math.isnan(chance) else chance
    return keys


def flagged(audit: Audit, limit: int | None) -> list[int]:
    """Return the rows of the flagged images, worst first, at most `limit`."""
    return words.flagged(audit)[:limit]
