"""JSON reports for programs: one image explained. The JSON of a scan is in `outputs`."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from anchoraudit.advice.explain import Explanation
from anchoraudit.auditing.losses import Losses
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import inert_json


def explain_json(explanation: Explanation) -> str:
    """Return one image's explanation as JSON. JSON has no NaN, so a NaN loss is the string "nan"."""
    images = explanation.audit.dataset.images
    i, match = explanation.index, explanation.audit.detector.match
    chosen = None if match.unit == "point" and not match.is_prediction_free else explanation
    return to_json(
        {
            "image_id": images.ids[i],
            "file_name": images.file_names[i],
            "width": float(images.width[i]),
            "height": float(images.height[i]),
            "detector": explanation.audit.detector.name,
            "input": list(explanation.canvas),
            "detector_chosen": explanation.audit.detector_chosen,
            "detector_suggested": explanation.audit.suggested or None,
            "verdict": VERDICTS[int(explanation.audit.image_results.verdict[i])],
            "unit": match.unit,
            "anchors": explanation.anchors,
            "counting": explanation.counting,
            "positives": chosen and chosen.positives,
            "negatives": chosen and chosen.negatives,
            "ignored": chosen and chosen.ignored,
            "candidates": explanation.positives if match.unit == "point" else None,
            "boxes": [msgspec.to_builtins(box) for box in explanation.boxes],
            "too_few_points": [msgspec.to_builtins(each) for each in explanation.too_few],
            "losses": {name: _losses(value) for name, value in explanation.losses.items()},
        }
    )


def _losses(values: Losses) -> dict[str, float | str]:
    return {
        name: "nan" if math.isnan(value) else value
        for name, value in (("score", values.score), ("box", values.box), ("total", values.total))
    }


def to_json(value: Any) -> str:
    """Return a value as indented JSON, in ASCII: names are data, and control neither terminal nor CI job."""
    return inert_json(json.dumps(value, indent=2, default=str, allow_nan=False)) + "\n"
