"""What can be wrong with a data set: one module a rule, found by itself.

A rule module defines one name, RULE. Adding a module adds the rule to `scan`, to `anchoraudit rules` and to
docs/rules.md. Modules whose names start with an underscore are helpers.
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
from anchoraudit.rules._symptoms import without_symptoms

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

# Boxes. Below this number all checks together take milliseconds, and a second thread gains nothing.
_MANY_BOXES = 100_000


def all_rules() -> dict[str, Rule]:
    """Return every rule by its code, ordered by family and number."""
    return _rules_of(tuple(module_names(__name__)))


@lru_cache(maxsize=4)
def _rules_of(names: tuple[str, ...]) -> dict[str, Rule]:
    rules: list[Rule] = [load_module(__name__, name).RULE for name in names]
    rules.sort(key=lambda rule: (list(FAMILIES).index(rule.code[:3]), rule.code))
    return {rule.code: rule for rule in rules}


def rule_of(code: str) -> Rule:
    """Return the rule with this code.

    Parameters
    ----------
    code : str
        A full code, such as ``"BOX009"``.

    Returns
    -------
    Rule
        Its severity, title and page.

    Raises
    ------
    AnchorauditError
        If no rule has this code. The message names the nearest one.

    Examples
    --------
    >>> rule_of("BOX009").severity
    'error'
    """
    rules = all_rules()
    if code not in rules:
        raise unknown("rule", code, rules)
    return rules[code]


def check(context: Context, chosen: Chosen, from_reading: Sequence[Finding]) -> Findings:
    """Run the chosen rules.

    Parameters
    ----------
    context : Context
        The data set, the detector's answer and the image files. Without a detector, rules that need one do
        not run.
    chosen : Chosen
        Which rules run, with which thresholds and severities.
    from_reading : sequence of Finding
        Findings made before, while the files were read. Those of rules that are not chosen are left out.

    Returns
    -------
    Findings
        Errors first, then by the order of the codes; within a code, those from reading first.
    """
    rules = chosen.in_force(all_rules())
    groups: dict[str, list[Sequence[Finding]]] = {
        code: []
        for code, rule in rules.items()
        if code in chosen and (context.replayed is not None or not rule.needs_detector)
    }
    read: dict[str, list[Finding]] = {}
    for finding in from_reading:
        read.setdefault(finding.code, []).append(finding)

    def run(code: str) -> Sequence[Finding]:
        return rules[code].found(context, chosen.thresholds.get(code, {}))

    # NumPy releases the interpreter lock while it works on long columns, so two threads share the work.
    with ThreadPoolExecutor(2 if len(context.dataset.boxes) > _MANY_BOXES else 1) as pool:
        for code, found in zip(groups, pool.map(run, groups), strict=True):
            groups[code] += [part for part in (read.get(code, ()), found) if len(part)]
    without_symptoms(groups, rules, context.dataset)
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    # Of errors, what others follow from comes first.
    ordered = sorted(groups, key=lambda code: (order[rules[code].severity], not rules[code].symptoms))
    return Findings({code: groups[code] for code in ordered if groups[code]}, rules)
