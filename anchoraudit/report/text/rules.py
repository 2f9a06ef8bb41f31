"""The rules as a table, as pages, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from anchoraudit.report.as_json import to_json
from anchoraudit.report.text import terminal
from anchoraudit.rules import FAMILIES, Rule


def rules_parts(rules: Sequence[Rule]) -> list[object]:
    """Return the parts of the list: one table for each family."""
    parts: list[object] = []
    for family, about in FAMILIES.items():
        rows = [(rule.code, rule.severity, rule.title) for rule in rules if rule.code.startswith(family)]
        if rows:
            parts += [terminal.table(f"{family}: {about}", ("code", "severity", "what"), rows), ""]
    return [*parts, f"{len(rules)} rules. anchoraudit rules show CODE explains one, or a family (BOX)."]


def page_parts(rules: Iterable[Rule]) -> list[object]:
    """Return the parts of some pages: headings in bold, examples as written."""
    parts: list[object] = []
    for rule in rules:
        parts += [""] if parts else []
        for block in rule.page().strip().split("\n\n"):
            if block.startswith("#"):
                parts.append(Text(block.lstrip("# "), style="bold"))
            elif block.startswith("```"):
                example = block.strip("`\n").splitlines()
                parts += [*(Text(f"    {line}", style="cyan") for line in example), ""]
            else:
                parts += [Text(block), ""]
        parts.pop()
    return parts


def rules_json(rules: Iterable[Rule]) -> str:
    """Return the rules as JSON, a list of objects."""
    return to_json(
        [
            {
                "code": rule.code,
                "severity": rule.severity,
                "title": rule.title,
                "what": rule.what,
                "why": rule.why,
                "example": rule.example,
                "remedy": rule.sentence,
                "parameters": dict(rule.parameters),
            }
            for rule in rules
        ]
    )


def rules_markdown(rules: Iterable[Rule]) -> str:
    """Return the pages as one Markdown text."""
    return "\n".join(rule.page() for rule in rules)
