"""CLS005: class names that differ in case or spaces only."""

from __future__ import annotations

import re

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_SEPARATORS = re.compile(r"[_-]")
_BETWEEN = re.compile(r"(?<!\d) | (?!\d)")  # not what parts two numbers: "1-1" and "11" are two signs


def check(context: Context) -> list[Finding]:
    """Names that are one once case, and what separates words, is left aside."""
    alike: dict[str, dict[str, int]] = {}
    for category, boxes in zip(context.dataset.categories, context.boxes_by_category.tolist(), strict=True):
        plain = _BETWEEN.sub("", " ".join(_SEPARATORS.sub(" ", category.name.casefold()).split()))
        names = alike.setdefault(plain, {})
        names[category.name] = names.get(category.name, 0) + boxes
    found: list[Finding] = []
    for plain, names in alike.items():
        if len(names) > 1:
            text = " and ".join(
                f"{name!r} ({boxes:,} {'box' if boxes == 1 else 'boxes'})" for name, boxes in names.items()
            )
            found += context.about_all("CLS005", f"classes {text} are spelt alike", plain, f"class {plain}")
    return found


RULE = Rule(
    code="CLS005",
    severity="warning",
    title="class names that differ in spelling only",
    what=(
        "Names of two classes that are equal once case, spaces, hyphens and underscores are left aside, but "
        "for those between two digits."
    ),
    why=(
        "One class was labelled as two: each has fewer boxes, and every object of one is background for the"
        " other."
    ),
    example="<name>Traffic light</name> in one file, <name>traffic_light</name> in another",
    remedy="give them one name",
    check=check,
)
