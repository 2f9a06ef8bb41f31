"""`github`: workflow commands, which GitHub Actions shows as annotations of the files.

GitHub shows ten errors, ten warnings and ten notices for each step, and drops the rest without a word. So at
most ten of each are written. The rules of a severity take turns, so that one with a thousand findings does
not crowd out one with a single finding. The last command of a rule says how many more there are. The very
last command, which is one of the ten notices, counts everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import shortened
from anchoraudit.report import words
from anchoraudit.report.outputs._where import Where, line, safe
from anchoraudit.rules import SEVERITIES, Findings, Rule

NAME = "github"
inert = str  # these lines are commands
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_SHOWN = 10  # of each command


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return the commands, errors first. Images are not listed, so `limit` is ignored."""
    where = Where(audit)
    for severity in SEVERITIES:
        counts = {code: n for code, n in shown.counts.items() if shown.rule(code).severity == severity}
        room = _SHOWN - (severity == "info")  # the summary is a notice too
        for code, number in _shares(counts, room).items():
            rest = counts[code] - number
            for i, finding in enumerate(shown.of(code, number), 1):
                yield _annotation(finding, shown.rule(code), where, rest if i == number else 0)
    found = words.count(len(shown), "finding")
    if shown:
        found += f" of {words.count(len(shown.counts), 'rule')}"
    yield f"::notice title=anchoraudit::{_data(f'{words.summary_line(audit)}; {found}')}\n"


def _shares(counts: Mapping[str, int], room: int) -> dict[str, int]:
    """Return how many findings of each rule are shown: the rules take turns while there is room."""
    shares: dict[str, int] = {}
    while room > 0 and (waiting := [code for code in counts if shares.get(code, 0) < counts[code]]):
        for code in waiting[:room]:
            shares[code] = shares.get(code, 0) + 1
        room -= len(waiting)
    return shares


def _annotation(finding: Finding, rule: Rule, where: Where, rest: int) -> str:
    properties = {} if where.about_detector(finding) else {"file": where.file(finding)}
    if number := line(finding):
        properties["line"] = str(number)
    properties["title"] = f"{rule.code} {rule.title}"
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    place = "" if number or not finding.place else f"{finding.place}: "
    text = f"{shortened(safe(place + finding.message))}\n{rule.sentence}"
    if rest:
        text += f"\n... and {rest:,} more of {rule.code}"
    return f"::{_COMMANDS[rule.severity]} {given}::{_data(text)}\n"


def _data(text: str) -> str:
    """Escape a message in the way the runner decodes (actions/toolkit, packages/core/src/command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe(text)).replace(":", "%3A").replace(",", "%2C")
