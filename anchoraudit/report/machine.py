"""Reports for programs: the audit as JSON, with the counts of the contract under `summary`."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from anchoraudit import __version__
from anchoraudit.auditing import Audit
from anchoraudit.causes import CAUSES
from anchoraudit.explaining import Explanation
from anchoraudit.losses import Losses
from anchoraudit.report import words
from anchoraudit.verdicts import VERDICTS


def scan_json(audit: Audit, limit: int | None = None) -> str:
    """Return the audit as JSON: what was read, the detector, `summary`, findings, flagged images."""
    flagged = words.flagged(audit)
    return to_json(
        {
            "anchoraudit": __version__,
            "dataset": str(audit.dataset.root),
            "format": audit.dataset.format,
            "recognised": audit.dataset.recognised,
            "detector": msgspec.to_builtins(audit.detector),
            "on_empty": audit.detector.loss.on_empty,
            "summary": audit.summary(),
            "not_usable": audit.labels.reasons(),
            "clipped": int(audit.labels.clipped.sum()),
            "notes": audit.dataset.notes,
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "message": finding.message,
                    "why": finding.why,
                    "path": finding.path,
                    "place": finding.place,
                    "evidence": finding.evidence,
                    "suggestion": finding.suggestion,
                }
                for finding in audit.findings
            ],
            "flagged": [_flagged(audit, i) for i in (flagged if limit is None else flagged[:limit])],
        }
    )


def _flagged(audit: Audit, image: int) -> dict[str, Any]:
    results, dataset = audit.image_results, audit.dataset
    cause = int(results.cause[image])
    return {
        "image_id": dataset.images.ids[image],
        "file_name": dataset.images.file_names[image],
        "split": dataset.splits[int(dataset.images.split[image])],
        "verdict": VERDICTS[int(results.verdict[image])],
        "cause": CAUSES[cause] if cause >= 0 else "",
        "usable": int(results.usable[image]),
        "best_iou": _number(float(results.best_iou[image])),
        "why": words.why(audit, image),
    }


def explain_json(explanation: Explanation) -> str:
    """Return one image's explanation as JSON; a loss that is NaN is the string "nan", since JSON has none."""
    images = explanation.audit.dataset.images
    i = explanation.index
    return to_json(
        {
            "image_id": images.ids[i],
            "file_name": images.file_names[i],
            "width": float(images.width[i]),
            "height": float(images.height[i]),
            "detector": explanation.audit.detector.name,
            "input": list(explanation.canvas),
            "verdict": VERDICTS[int(explanation.audit.image_results.verdict[i])],
            "anchors": explanation.anchors,
            "counting": explanation.counting,
            "positives": explanation.positives,
            "negatives": explanation.negatives,
            "ignored": explanation.ignored,
            "boxes": [msgspec.to_builtins(box) for box in explanation.boxes],
            "losses": {name: _losses(value) for name, value in explanation.losses.items()},
        }
    )


def _losses(values: Losses) -> dict[str, float | str]:
    return {
        name: "nan" if math.isnan(value) else value
        for name, value in (("score", values.score), ("box", values.box), ("total", values.total))
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def to_json(value: Any) -> str:
    """Return a value as indented JSON, in ASCII: names are data, and no terminal takes them for commands."""
    return json.dumps(value, indent=2, default=str, allow_nan=False) + "\n"
