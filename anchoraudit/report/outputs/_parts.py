"""The audit of parts as one JSON object, with the keys of the output `json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from anchoraudit import __version__
from anchoraudit.dataset.labels import in_order
from anchoraudit.errors import inert_json
from anchoraudit.report import words
from anchoraudit.report.outputs import _keys

if TYPE_CHECKING:
    from anchoraudit.partitions.partial import Partial


def json_of_parts(whole: Partial, limit: int | None, *, detector_chosen: bool) -> Iterator[str]:
    """Yield the object in pieces. limit: how many flagged images to list; all that are kept if None."""
    findings, detector, dataset = whole.findings, whole.replayed, whole.dataset
    classes = _keys.of_classes(dataset.categories, whole.by_class, judged=detector is not None)
    plain = {
        "anchoraudit": __version__,
        "dataset": str(dataset.root),
        "format": dataset.format,
        "recognised": dataset.recognised,
        "detector": whole.about["detector"],
        "detector_chosen": detector_chosen,
        "on_empty": None if detector is None else detector.on_empty,
        "parts": {
            "merged": len(whole.parts),
            "of": whole.about["parts"],
            "flagged": whole.counts["flagged"],
            "failed": {str(part): why for part, why in whole.failed.items()},
            "not_checked": [
                *({"code": rule.code, "why": rule.needs_whole} for rule in findings.not_checked),
                *({"code": rule.code, "why": words.FILES_NOT_SEEN} for rule in findings.not_seen),
            ],
        },
        "classes": None if whole.classes is None else _keys.of_class_table(whole.classes),
        "summary": {**whole.summary(), "by_class": classes, "by_level": _keys.of_levels(whole.by_level)},
        "risks": [
            _keys.of_risk(risk)
            for risk in ([] if detector is None else words.risks_of(whole.summary(), detector))
        ],
        "not_usable": in_order(whole.counts["not_usable"]),
        "clipped": whole.counts["clipped"],
        "notes": list(whole.notes),
        "findings_by_rule": dict(findings.counts),
        "findings": [_keys.of_finding(finding, findings.rule(finding.code)) for finding in findings],
        "flagged": whole.flagged[:limit],
    }
    yield inert_json(json.dumps(plain, indent=2, default=str, allow_nan=False) + "\n")
