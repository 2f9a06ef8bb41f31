"""RUN007: class that the model trains as background."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import classes, configuration, counted, framework, is_placeholder, name
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.cls014_wrong_start import start_of


def check(context: Context) -> list[Finding]:
    """Find classes whose index is that of the background in the model."""
    table = context.classes
    if table is None or table.rules is None or (table.end is not None and start_of(context, table)):
        return []
    found: list[Finding] = []
    for row in table.rows:
        if row.outcome != "background" or not row.boxes or is_placeholder(context, row):
            continue
        text = f"{counted(row.boxes)} of class {name(row.name)}: {framework(context)}: "
        if row.index == 0:
            text += (
                "a box of class id 0 is trained as background; shift all ids by one, so that they begin at 1"
            )
        else:
            text += (
                f"index {row.index} is the background of a model with {classes(table)} "
                f"({configuration(table)}), so the class is never learned; build it with more classes"
            )
        found += context.about_all("RUN007", text, f"id {row.id}", f"category {row.id!r}")
    return found


RULE = Rule(
    code="RUN007",
    severity="error",
    title="class that the model trains as background",
    what=(
        "Boxes whose class has the index of the background in the model. That is id 0 in torchvision's "
        "Faster R-CNN, Mask R-CNN and SSD (its RetinaNet and FCOS take 0 for a class), and the index that "
        "equals the number of classes in detectron2's heads, in mmdetection's RetinaNet and in DETR."
    ),
    why="The class is never learned, without any error: the loss falls, and the boxes are background.",
    example='"categories": [{"id": 0, "name": "cat"}], and torchvision-fasterrcnn_resnet50_fpn',
    remedy=(
        "number the classes as the framework does (filter --unsafe-fixes numbers from 1), in the "
        "files or in your data set class; give the model as many classes as the data have"
    ),
    check=check,
    scope="totals",
)
