"""CLS018: data.yaml or list of classes that the framework rejects."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report that the framework stops at the classes that the data set's own files declare."""
    declared, loaded = context.dataset.declared_classes, context.loaded
    if declared is None or loaded is None or loaded.classes is None or not loaded.classes.refused:
        return []
    reading = loaded.classes
    plain = next((fault.words for fault in declared.faults() if fault.about == reading.because), "")
    message = f"loader {loaded.loader} raises {reading.refused}"
    if plain and plain not in reading.refused:
        message += f" ({plain})"
    place = f"line {reading.line}" if reading.line else ""
    return [Finding("CLS018", message, str(declared.path), place, reading.refused, "declared classes")]


RULE = Rule(
    code="CLS018",
    severity="error",
    title="data.yaml or list of classes that the framework rejects",
    what=(
        "The framework that is chosen stops at what the data set's own file says of the classes: `names` and "
        "`nc` of a data.yaml (YOLOv5, YOLOv7, Ultralytics), or a classes.csv (keras-retinanet); or at a "
        "data.yaml without `train` or `val`. The message has the framework's words."
    ),
    why="It is read before any image. Nothing trains.",
    example="nc: 3\nnames: [cat, dog]\n\nUltralytics: SyntaxError: 'names' length 2 and 'nc: 3' must match.",
    remedy=(
        "number the names from 0 without gaps, and set nc to their number (YOLOv7 needs nc, "
        "YOLOv5 and Ultralytics do not); name images for both train and val"
    ),
    check=check,
    scope="totals",
)
