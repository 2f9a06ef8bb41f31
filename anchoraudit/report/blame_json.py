"""The batches of some steps as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from anchoraudit.advice.blame import BlamedImage, OddBox
from anchoraudit.auditing.audit import Audit
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.blame import Replay, Step


def blame_json(audit: Audit, replay: Replay, batches: Sequence[Step]) -> str:
    """Return the batches as JSON. JSON has no NaN and no infinity, so such a corner is a string."""
    return to_json(
        {
            "detector": audit.detector.name,
            "detector_chosen": audit.detector_chosen,
            "loader": None if audit.loaded is None else audit.loaded.loader,
            "sampler": replay.sampler,
            "reads": replay.reads,
            "run": dict(replay.settings),
            "images": replay.images,
            "steps_of_epoch": replay.steps_of_epoch,
            "steps": [_step(audit, step) for step in batches],
            "assumed": list(replay.assumed),
            "unknown": list(replay.unknown),
        }
    )


def saved_json(audit: Audit, saved: Mapping[str, Any], step: Step) -> str:
    """Return a batch that was saved as JSON. saved: what its file says of it beside the batch itself."""
    return to_json({"detector": audit.detector.name, **saved, "steps": [_step(audit, step)]})


def _step(audit: Audit, step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "epoch": step.epoch,
        "step_of_epoch": step.step_of_epoch,
        "images": [_image(image) for image in step.batch.images],
        "odd_boxes": [_odd(audit, box) for box in step.batch.odd],
        "explains": list(step.batch.explains),
    }


def _image(image: BlamedImage) -> dict[str, Any]:
    return {
        "image_id": image.image_id,
        "file_name": image.file_name,
        "width": _or_none(image.width),
        "height": _or_none(image.height),
        "boxes": image.boxes,
        "usable": image.usable,
        "verdict": image.verdict,
        "cause": image.cause or None,
    }


def _odd(audit: Audit, box: OddBox) -> dict[str, Any]:
    ids = audit.original.boxes.annotation_ids
    x1, y1, x2, y2 = (value if math.isfinite(value) else str(value) for value in box.xyxy)
    return {
        "image_id": audit.original.images.ids[box.image],
        "annotation_id": None if ids is None else ids[box.row],
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "is": box.kind,
        "becomes": box.does,
        "stops": box.stops,
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
