"""PAR004: not a number."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR004",
    severity="warning",
    title="not a number",
    what="A coordinate, a YOLO class, or the number of a frame, that is text, empty, true or false.",
    why="The box is not usable. A loader stops at it or turns it into NaN.",
    example="<bndbox><xmin>twelve</xmin><ymin>8</ymin><xmax>90</xmax><ymax>60</ymax></bndbox>",
    remedy="write coordinates as plain decimal numbers",
)
