"""What can be wrong with a data set: one module a rule, found by itself.

A rule module defines one name, RULE. Adding a module adds the rule to `scan`, to `anchoraudit rules` and to
docs/rules.md. Modules whose names start with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from anchoraudit.arrays import is_alone
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._findings import Findings
from anchoraudit.rules._rule import FAMILIES, OF_PARTS, SEVERITIES, Rule, Severity
from anchoraudit.rules._selection import Chosen, unknown
from anchoraudit.rules._symptoms import Group, divided, follow_faults, without_faulty, without_symptoms
from anchoraudit.rules._totals import Totals

__all__ = [
    "FAMILIES",
    "SEVERITIES",
    "Chosen",
    "Context",
    "Findings",
    "Group",
    "Hits",
    "Rule",
    "Severity",
    "Totals",
    "all_rules",
    "check",
    "check_rows",
    "check_totals",
    "groups_of",
    "in_force_after",
    "in_order",
    "not_in_parts",
    "of_the_whole",
    "remaining",
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
    rules = _applicable(context, chosen)
    groups = _find(context, rules, chosen, from_reading, lambda rule, values: [rule.found(context, values)])
    in_force = chosen.in_force(all_rules())
    without_symptoms(groups, in_force, context.dataset)
    return _ordered(groups, in_force)


def check_rows(context: Context, chosen: Chosen, from_reading: Sequence[Finding]) -> Findings:
    """Run the chosen rules about single images and boxes on a part of a data set.

    The parts' findings are those of the whole, but for what `groups_of` puts into groups of its own:
    `remaining` says which of these groups count, once the totals of all parts are known.

    Parameters
    ----------
    context : Context
        Some whole images of the data set with all their boxes, under the classes, splits and sources of the
        whole, and with its `Dataset.class_boxes`.
    chosen : Chosen
        As `check` takes it.
    from_reading : sequence of Finding
        As `check` takes it; findings of other rules are left out.

    Returns
    -------
    Findings
        In the order of `check`, with the findings about which only the totals decide.
    """
    rules = {
        code: rule
        for code, rule in _applicable(context, chosen).items()
        if rule.scope in OF_PARTS or rule.tentative is not None
    }
    read = [finding for finding in from_reading if finding.code in rules and _is_of_rows(finding)]
    groups = _find(context, rules, chosen, read, lambda rule, values: rule.found_in_part(context, values))
    return _ordered(groups, chosen.in_force(all_rules()))


def check_totals(context: Context, chosen: Chosen, from_reading: Sequence[Finding]) -> Findings:
    """Run the chosen rules that need nothing but the totals of a whole data set.

    Parameters
    ----------
    context : Context
        The data set without its images and boxes, but with its `Dataset.class_boxes`, and with the totals of
        all parts: `Context.with_totals`.
    chosen : Chosen
        As `check` takes it.
    from_reading : sequence of Finding
        As `check` takes it; findings about single images and boxes are left out.

    Returns
    -------
    Findings
        In the order of `check`.
    """
    every = _applicable(context, chosen)
    read = of_the_whole(from_reading)
    rules = {code: rule for code, rule in every.items() if rule.scope not in OF_PARTS}
    groups = _find(
        context,
        rules,
        chosen,
        read,
        lambda rule, values: [rule.found(context, values)] if rule.scope == "totals" else [],
    )
    in_force = chosen.in_force(all_rules())
    without_symptoms(groups, in_force, context.dataset)
    return _ordered(groups, in_force)


def of_the_whole(findings: Sequence[Finding]) -> list[Finding]:
    """Return those findings of a reader that `check_totals` takes: not about single images and boxes."""
    return [finding for finding in findings if not _is_of_rows(finding)]


def not_in_parts(chosen: Chosen, needs_detector: bool) -> list[Rule]:
    """Return the chosen rules that are not checked where a data set is audited in parts.

    needs_detector: those that need a detector are among them. Their `needs_whole` says why.
    """
    return [
        rule
        for code, rule in chosen.in_force(all_rules()).items()
        if code in chosen and rule.scope == "whole" and (needs_detector or not rule.needs_detector)
    ]


def not_without_image_files(chosen: Chosen) -> list[Rule]:
    """Return the chosen rules of parts that find nothing where nobody looks at image files."""
    return [
        rule
        for code, rule in chosen.in_force(all_rules()).items()
        if code in chosen and rule.scope in OF_PARTS and rule.needs_image_files
    ]


def groups_of(found: Findings, dataset: Dataset) -> dict[Group, list[Sequence[Finding]]]:
    """Divide the findings of a part into groups that count, or do not count, as one.

    found: what `check_rows` returns. dataset: the part. Those of a group are as they were made: by the
    reader, and by a check.
    """
    return divided(found, all_rules(), dataset)


def remaining(groups: Iterable[Group], of_totals: Findings, context: Context, chosen: Chosen) -> list[Group]:
    """Return those groups of the parts' findings that are findings of the whole.

    groups: keys of what `groups_of` returned for the parts. of_totals: what `check_totals` returned for the
    whole. context, chosen: what it was called with.
    """
    rules = chosen.in_force(all_rules())
    groups, stays = list(groups), dict[str, bool]()
    for code in {group.code for group in groups if group.tentative}:
        stays[code] = rules[code].keeps_tentative(context, chosen.thresholds.get(code, {}))
    counted = [group for group in groups if not group.tentative or stays[group.code]]
    return without_faulty(counted, of_totals, rules)


def in_force_after(of_totals: Findings, chosen: Chosen) -> dict[str, Rule]:
    """Return the rules as reports show them beside these findings about the whole, by code.

    The remedy of a rule that follows from one of them is that one's.
    """
    rules = chosen.in_force(all_rules())
    follow_faults(of_totals.counts, rules)
    return rules


def _applicable(context: Context, chosen: Chosen) -> dict[str, Rule]:
    return {
        code: rule
        for code, rule in chosen.in_force(all_rules()).items()
        if code in chosen and (context.replayed is not None or not rule.needs_detector)
    }


def _is_of_rows(finding: Finding) -> bool:
    return all_rules()[finding.code].scope in OF_PARTS


def _find(
    context: Context,
    rules: Mapping[str, Rule],
    chosen: Chosen,
    from_reading: Sequence[Finding],
    find: Callable[[Rule, Mapping[str, float]], Sequence[Sequence[Finding]]],
) -> dict[str, list[Sequence[Finding]]]:
    """Return the findings of each of these rules: those from reading first."""
    groups: dict[str, list[Sequence[Finding]]] = {code: [] for code in rules}
    read: dict[str, list[Finding]] = {}
    for finding in from_reading:
        read.setdefault(finding.code, []).append(finding)
    context.thresholds = chosen.thresholds
    if any(rule.scope == "totals" for rule in rules.values()):
        _ = context.totals  # once, before several threads ask for them

    def run(code: str) -> Sequence[Sequence[Finding]]:
        return find(rules[code], chosen.thresholds.get(code, {}))

    def join(found: Iterable[Sequence[Sequence[Finding]]]) -> None:
        for code, own in zip(groups, found, strict=True):
            groups[code] += [part for part in (read.get(code, ()), *own) if len(part)]

    if len(context.dataset.boxes) > _MANY_BOXES and not is_alone():
        from concurrent.futures import ThreadPoolExecutor  # slow to import

        # NumPy releases the interpreter lock while it works on long columns, so two threads share the work.
        with ThreadPoolExecutor(2) as pool:
            join(pool.map(run, groups))
    else:
        join(map(run, groups))
    return groups


def _ordered(groups: Mapping[str, list[Sequence[Finding]]], rules: Mapping[str, Rule]) -> Findings:
    return Findings({code: groups[code] for code in in_order(groups, rules) if groups[code]}, rules)


def in_order(codes: Iterable[str], rules: Mapping[str, Rule]) -> list[str]:
    """Return codes in the order of reports: errors first, and of these what others follow from."""
    return sorted(codes, key=lambda code: (SEVERITIES.index(rules[code].severity), not rules[code].symptoms))
