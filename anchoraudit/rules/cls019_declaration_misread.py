"""CLS019: misleading declaration of classes."""

from __future__ import annotations

from collections.abc import Sequence

from anchoraudit.dataset.declared import DeclaredClasses, Fault
from anchoraudit.dataset.findings import Finding
from anchoraudit.loaders import class_readings
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report what the framework makes in silence of an odd declaration; or which frameworks stop at it."""
    declared, loaded = context.dataset.declared_classes, context.loaded
    if declared is None:
        return []
    if loaded is not None and loaded.classes is not None:
        told: Sequence[Fault] = loaded.classes.remarks
        by = f"loader {loaded.loader}: "
    else:
        told, by = _for_nobody(declared), ""
    return [
        Finding(
            "CLS019",
            f"{by}{fault.words}",
            str(declared.path),
            f"line {fault.line}",
            fault.value,
            f"declared classes: {fault.about}",
        )
        for fault in told
    ]


def _for_nobody(declared: DeclaredClasses) -> list[Fault]:
    """Return what is wrong, whichever framework reads it, and what those do that read such a file."""
    faults = [*declared.faults()]
    if not faults:
        return []
    readings = class_readings(declared)
    told = []
    for fault in faults:
        stopping = [name for name, reading in readings.items() if reading.because == fault.about]
        if stopping:
            stop = "stops" if len(stopping) == 1 else "stop"
            fault = fault._replace(words=f"{fault.words}; {_listed(stopping)} {stop} there")  # noqa: PLW2901
        else:
            remarks = (one for reading in readings.values() for one in reading.remarks)
            fault = next((one for one in remarks if one.about == fault.about), fault)  # noqa: PLW2901
        told.append(fault)
    return told


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


RULE = Rule(
    code="CLS019",
    severity="warning",
    title="misleading declaration of classes",
    what=(
        "What the data set's own file says of its classes is odd, and the framework that is chosen says "
        "nothing: `nc` is not the number of `names` (YOLOv5 counts the names), names or ids have gaps or "
        "begin with 1, an index is there twice, YAML reads a name as something else (`no` as False), or "
        "`names` is a text. Where no framework that reads such a file is chosen, the message names those "
        "that would stop."
    ),
    why=(
        "The model gets classes that nobody meant, or other names for them, and trains. Results are then "
        "reported under the wrong names."
    ),
    example="names: {1: cat, 2: dog}\n\nYOLOv5 trains the indices 0 and 1, and calls the second one cat",
    remedy='number the names from 0 without gaps, as the label files do, and quote names such as "no"',
    check=check,
    scope="totals",
)
