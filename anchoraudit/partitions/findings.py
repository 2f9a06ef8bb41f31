"""The findings of a merged audit: those of its parts, and those about the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import merge as merged
from typing import TYPE_CHECKING

from anchoraudit.dataset.findings import Finding
from anchoraudit.partitions.settings import Settings
from anchoraudit.rules import (
    Rule,
    check_totals,
    in_force_after,
    in_order,
    not_in_parts,
    not_without_image_files,
    remaining,
)

if TYPE_CHECKING:
    from anchoraudit.partitions.partial import Partial


@dataclass(frozen=True)
class MergedFindings:
    """How often each rule was broken, and where first.

    counts: the number of findings for each code that occurs, errors first. first: the first of them, by code.
    not_checked: the rules that need the whole data set at once; `needs_whole` of each says why. not_seen:
    those about image files, if the folder of some is known and nobody looked.
    """

    counts: Mapping[str, int]
    first: Mapping[str, tuple[Finding, ...]]
    rules: Mapping[str, Rule]
    not_checked: tuple[Rule, ...]
    not_seen: tuple[Rule, ...]

    def rule(self, code: str) -> Rule:
        """Return the rule with this code."""
        return self.rules[code]

    def of(self, code: str, limit: int | None = None) -> list[Finding]:
        """Return the first findings of a rule, at most `limit` of those that are kept."""
        return list(self.first.get(code, ())[:limit])

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over the findings that are kept."""
        for code in self.counts:
            yield from self.first[code]


def findings_of(partial: Partial) -> MergedFindings:
    """Run the rules about the whole on the totals, and join what they find with the findings of the parts."""
    settings = Settings.from_builtins(partial.about["settings"])
    _, context = settings.examine(partial.dataset)
    context = context.with_totals(partial.totals)
    of_totals = check_totals(context, settings.rules, [Finding(*fields) for fields in partial.told])
    own: dict[str, list[tuple[int, list[tuple[tuple[float, ...], Finding]]]]] = {}
    for group in remaining(partial.found, of_totals, context, settings.rules):
        found = partial.found[group]
        own.setdefault(group.code, []).append((found.number, list(found.first)))
    counts = {code: sum(number for number, _ in groups) for code, groups in own.items()}
    first = {
        code: [finding for _, finding in merged(*(found for _, found in groups), key=lambda each: each[0])]
        for code, groups in own.items()
    }
    for code, number in of_totals.counts.items():
        counts[code] = counts.get(code, 0) + number
        first[code] = [*first.get(code, []), *of_totals.of(code)]
    rules = in_force_after(of_totals, settings.rules)
    codes = in_order([code for code in rules if counts.get(code)], rules)
    skipped = not_in_parts(settings.rules, settings.detector is not None)
    skipped += [
        replace(rules[code], needs_whole="too many images of different splits have the same file names")
        for code in partial.about["not_checked"]
        if code in settings.rules
    ]
    return MergedFindings(
        {code: counts[code] for code in codes},
        {code: tuple(first[code]) for code in codes},
        rules,
        tuple(skipped),
        tuple(not_without_image_files(settings.rules) if partial.counts["not_seen"] else ()),
    )
