"""Findings by rule, each with places and with the rule's page."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.auditing.audit import Audit
from anchoraudit.errors import printable, shortened
from anchoraudit.report.outputs._where import Where
from anchoraudit.rules import Findings, Rule

_EXAMPLES = 20  # of each rule
_LONGEST = 600  # characters of a message


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of one rule: how many there are, and where the first of them are."""

    rule: Rule
    number: int
    places: list[tuple[str, str]]
    more: int


def by_rule(audit: Audit, shown: Findings) -> list[Found]:
    """Return the rules with findings, errors first, with the first 20 findings of each."""
    where = Where(audit)
    found = []
    for code, number in shown.counts.items():
        places = [
            (_text(where.place(finding)), _text(finding.message)) for finding in shown.of(code, _EXAMPLES)
        ]
        found.append(Found(shown.rule(code), number, places, number - len(places)))
    return found


def _text(text: str) -> str:
    return shortened(printable(text), _LONGEST)
