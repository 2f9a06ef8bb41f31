"""`json`: the audit as one object, with its counts under `summary`."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from anchoraudit import __version__
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.shares import by_class, by_level
from anchoraudit.errors import inert_json
from anchoraudit.loaders import Loaded
from anchoraudit.report import words
from anchoraudit.report.outputs import _keys
from anchoraudit.rules import Findings

if TYPE_CHECKING:
    from anchoraudit.arrays import Float
    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity

NAME = "json"
inert = inert_json
# Python's fast JSON encoder cannot indent, but accepts any separator. With this one it writes the indented
# text ten times as fast as the slow encoder. ASCII only: names are data, and must not control the terminal.
_entry = json.JSONEncoder(separators=(",\n      ", ": "), default=str, allow_nan=False)


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return what was read, detector, `summary`, findings, and flagged images (by default all of them)."""
    judged = audit.replayed is not None
    classes = _keys.of_classes(audit.dataset.categories, by_class(audit), judged=judged)
    head = {
        "anchoraudit": __version__,
        "dataset": str(audit.dataset.root),
        "format": audit.dataset.format,
        "recognised": audit.dataset.recognised,
        "detector": msgspec.to_builtins(audit.replayed),
        "detector_chosen": audit.detector_chosen,
        "detector_suggested": audit.suggested or None,
        "on_empty": None if audit.replayed is None else audit.replayed.on_empty,
        "loader": None if audit.loaded is None else _loader(audit.loaded),
        "classes": None if audit.classes is None else _keys.of_class_table(audit.classes),
        "summary": {**audit.summary(), "by_class": classes, "by_level": _keys.of_levels(by_level(audit))},
        "risks": [_keys.of_risk(risk) for risk in words.risks(audit)],
        "augmented": None if audit.sensitivity is None else _sensitivity(audit.sensitivity),
        "not_usable": audit.labels.reasons(),
        "clipped": int(audit.labels.clipped.sum()),
        "notes": audit.dataset.notes,
    }
    yield "{\n"
    for key, value in head.items():
        text = json.dumps(value, indent=2, default=str, allow_nan=False)
        yield f'  "{key}": {textwrap.indent(text, "  ").lstrip()},\n'
    yield '  "findings": '
    yield from _listed(_keys.of_finding(finding, shown.rule(finding.code)) for finding in shown)
    yield ',\n  "flagged": '
    yield from _listed(_keys.of_images(audit, _keys.flagged(audit, limit)))
    yield "\n}\n"


def _sensitivity(found: Sensitivity) -> dict[str, Any]:
    return {
        "augmentation": str(found.augmentation),
        "draws": found.draws,
        "seed": found.seed,
        "expected_empty": _number(found.expected_empty),
        "error": _number(found.error),
        "untrained": _untrained(found.p_untrained),
        "phases": [
            {
                "name": phase.name,
                "share": phase.share,
                "untrained": _untrained(phase.p_untrained),
                "expected_empty": phase.expected_empty,
            }
            for phase in found.phases
        ],
    }


def _untrained(p_untrained: Float) -> dict[str, Any]:
    from anchoraudit.auditing.augmentation.sensitivity import Untrained

    boxes = Untrained.of(p_untrained)
    return {"share": _number(boxes.share), "seldom": boxes.seldom, "never": boxes.never}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _loader(loaded: Loaded) -> dict[str, Any]:
    return {
        "name": loaded.loader,
        "images_dropped": loaded.dropped_images,
        "boxes_dropped": loaded.dropped_boxes,
        "boxes_moved": loaded.moved,
    }


def _listed(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a list of flat objects, indented as a member of the outermost object."""
    opening, closing = "[\n", "[]"
    for entry in entries:
        yield f"{opening}    {{\n      {_entry.encode(entry)[1:-1]}\n    }}"
        opening, closing = ",\n", "\n  ]"
    yield closing
