"""PAR007: passed over: not an annotation."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR007",
    severity="info",
    title="passed over: not an annotation",
    what=(
        "VOC: an XML file whose root is not `<annotation>`. An image beside it with the same stem counts as"
        " blank."
    ),
    why="It stands among the annotations but is none.",
    example="Annotations/settings.xml with the root <settings>",
    remedy="nothing to do, or move it elsewhere",
)
