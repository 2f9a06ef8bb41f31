"""BOX015: shares of the image below 0 or above 1."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BOX015",
    severity="warning",
    title="label outside 0 to 1",
    what=(
        "YOLO: values below 0 or above 1 (as float32) in a label file; one finding for each file. "
        "Values above 2 or below -1 are no shares of the image at all: BOX009. The message says what to do: "
        "clip a box that reaches out to its image, but not one of a negative size."
    ),
    why=(
        "YOLOv5 calls the image corrupt and does not train it. Ultralytics does the same from "
        "0.01 beyond. Only a line in their logs says so."
    ),
    example="0 0.97 0.5 1.02 0.3",
    remedy="fix the values as the message says, then write centre and size again",
)
