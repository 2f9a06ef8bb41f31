"""Which rules run: codes or their beginnings, as ruff chooses, and thresholds."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from anchoraudit.errors import AnchorauditError
from anchoraudit.rules._rule import FAMILIES, Rule

ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rules by the beginnings of their codes: of those that fit a code, the longest decides.

    select: all rules if empty. ignore: wins over a `select` of the same length. thresholds: by rule, then
    by name, in place of the rule's own.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __contains__(self, code: object) -> bool:
        chosen = max((_fit(prefix, str(code)) for prefix in self.select or (ALL,)), default=-1)
        left_out = max((_fit(prefix, str(code)) for prefix in self.ignore), default=-1)
        return chosen > left_out

    def require_known(self, rules: Mapping[str, Rule]) -> Chosen:
        """Return itself. Raises AnchorauditError for a code or threshold that no rule has, or not finite."""
        for prefix in (*self.select, *self.ignore):
            if prefix != ALL and not any(code.startswith(prefix) for code in rules):
                raise unknown("rule", prefix, [*rules, *FAMILIES, ALL])
        for code, values in self.thresholds.items():
            if code not in rules:
                raise unknown("rule", code, rules)
            for name, value in values.items():
                if name not in rules[code].parameters:
                    raise unknown(f"setting of {code}", name, rules[code].parameters)
                if not math.isfinite(value):
                    raise AnchorauditError(f"{name} = {value} of {code}", remedy="Give a finite number.")
        return self


def _fit(prefix: str, code: str) -> int:
    """How much of a code a prefix fixes, -1 if it is not its beginning."""
    if prefix == ALL:
        return 0
    return len(prefix) if code.startswith(prefix) else -1


def unknown(what: str, name: str, known: Iterable[str]) -> AnchorauditError:
    """The error about a name that is none of those known, with the nearest of them."""
    spelt = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), spelt, n=1, cutoff=0.4)
    hint = f"Did you mean {spelt[near[0]]}? " if near else ""
    listed = (
        "anchoraudit rules lists them" if what == "rule" else f"It has: {', '.join(spelt.values()) or 'none'}"
    )
    return AnchorauditError(f"unknown {what} {name!r}", remedy=f"{hint}{listed}.")
