"""What can be wrong with a data set: one module a rule, found by itself.

A rule module has one name, RULE, and adding a module adds the rule: to `scan`, to `anchoraudit rules` and
to docs/rules.md. Modules whose name starts with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from anchoraudit.dataset.findings import Finding
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._findings import Findings
from anchoraudit.rules._rule import FAMILIES, SEVERITIES, Rule, Severity
from anchoraudit.rules._selection import Chosen, unknown

__all__ = [
    "FAMILIES",
    "SEVERITIES",
    "Chosen",
    "Context",
    "Findings",
    "Hits",
    "Rule",
    "Severity",
    "all_rules",
    "check",
    "rule_of",
]

_MANY = 100_000  # boxes from which on a second thread pays


def all_rules() -> dict[str, Rule]:
    """Every rule by its code, in the order of families and numbers."""
    return _rules_of(tuple(module_names(__name__)))


@lru_cache(maxsize=4)
def _rules_of(names: tuple[str, ...]) -> dict[str, Rule]:
    rules: list[Rule] = [load_module(__name__, name).RULE for name in names]
    rules.sort(key=lambda rule: (list(FAMILIES).index(rule.code[:3]), rule.code))
    return {rule.code: rule for rule in rules}


def rule_of(code: str) -> Rule:
    """The rule with this code. Raises AnchorauditError for one that does not exist."""
    rules = all_rules()
    if code not in rules:
        raise unknown("rule", code, rules)
    return rules[code]


def check(context: Context, chosen: Chosen, met: Sequence[Finding]) -> Findings:
    """Find what the chosen rules find; met: what was found before, which the choice holds for too."""
    rules = chosen.in_force(all_rules())
    groups: dict[str, list[Sequence[Finding]]] = {code: [] for code in rules if code in chosen}
    reported: dict[str, list[Finding]] = {}
    for finding in met:
        reported.setdefault(finding.code, []).append(finding)

    def run(code: str) -> Sequence[Finding]:
        return rules[code].found(context, chosen.thresholds.get(code, {}))

    # NumPy lets go of the interpreter lock while it works on long columns.
    with ThreadPoolExecutor(2 if len(context.dataset.boxes) > _MANY else 1) as pool:
        for code, found in zip(groups, pool.map(run, groups), strict=True):
            groups[code] += [part for part in (reported.get(code, ()), found) if len(part)]
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    ordered = sorted(groups, key=lambda code: order[rules[code].severity])
    return Findings({code: groups[code] for code in ordered if groups[code]}, rules)
