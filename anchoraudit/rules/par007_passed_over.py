"""PAR007: skipped, not an annotation."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR007",
    severity="info",
    title="skipped, not an annotation",
    what=(
        "VOC: an XML file whose root is not `<annotation>`. An image next to it with the same stem "
        "counts as blank."
    ),
    why="It lies among the annotations, but is something else.",
    example="Annotations/settings.xml with the root <settings>",
    remedy="nothing to do, or move it elsewhere",
)
