"""CLS005: class names that differ in case or spaces only."""

from __future__ import annotations

import re

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_SEPARATORS = re.compile(r"[_-]")
_SPACES = re.compile(
    r"(?<!\d) | (?!\d)"
)  # any space but one between two digits: "1-1" and "11" are different classes


def check(context: Context) -> list[Finding]:
    """Find names that are equal if case, spaces, hyphens and underscores are ignored."""
    alike: dict[str, dict[str, int]] = {}
    for category, boxes in zip(context.dataset.categories, context.boxes_by_category.tolist(), strict=True):
        plain = _SPACES.sub("", " ".join(_SEPARATORS.sub(" ", category.name.casefold()).split()))
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
        "Names of two classes that are equal if case, spaces, hyphens and underscores are ignored. A "
        "separator between two digits counts: `1-1` and `11` differ."
    ),
    why=(
        "One class was labelled as two. Each has fewer boxes, and every object of one is background to "
        "the other."
    ),
    example="<name>Traffic light</name> in one file, <name>traffic_light</name> in another",
    remedy="give both the same name",
    check=check,
    scope="totals",
)
