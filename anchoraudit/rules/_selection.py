"""Which rules run: chosen by code or the beginning of a code, as in ruff; with thresholds and severities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.rules._rule import FAMILIES, SEVERITIES, Rule, Severity

ALL = "ALL"
_LIKE_A_CODE = 0.4  # codes are short: ANC02 and ANC002 share less of their letters than longer names do


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rules chosen by codes or beginnings of codes. The longest one that fits a code decides.

    Parameters
    ----------
    select : tuple of str
        Codes, beginnings of codes, or ``"ALL"``. Empty: all rules.
    ignore : tuple of str
        The same, for rules to leave out. Wins over a `select` of the same length.
    thresholds : mapping
        Thresholds by rule and by name, in place of the rule's own.
    severities : mapping
        Severities by rule, in place of the rule's own.

    Examples
    --------
    >>> "BOX009" in Chosen(ignore=("BOX",))
    False
    >>> "BOX009" in Chosen(select=("BOX009",), ignore=("BOX",))
    True
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)

    @classmethod
    def of_tables(
        cls, select: Iterable[str], ignore: Iterable[str], tables: Mapping[str, Mapping[str, float | str]]
    ) -> Chosen:
        """Choose as a settings file does: `[rules.CODE]` tables hold thresholds and a `severity`.

        Raises
        ------
        AnchorauditError
            If a threshold is text.

        Examples
        --------
        >>> chosen = Chosen.of_tables(["BOX"], [], {"BOX012": {"iou": 0.9, "severity": "error"}})
        >>> chosen.thresholds, chosen.severities
        ({'BOX012': {'iou': 0.9}}, {'BOX012': 'error'})
        """
        severities: dict[str, Severity] = {}
        thresholds: dict[str, dict[str, float]] = {}
        for code, table in tables.items():
            if "severity" in table:
                severities[code] = cast(Severity, table["severity"])  # require_known rejects other words
            values = {name: value for name, value in table.items() if name != "severity"}
            for name, value in values.items():
                if isinstance(value, str):
                    raise AnchorauditError(
                        f"{name} = {value!r} of {code} is not a number", remedy="Give a number."
                    )
            if values or "severity" not in table:
                thresholds[code] = cast(dict[str, float], values)
        return cls(tuple(select), tuple(ignore), thresholds, severities)

    def __contains__(self, code: object) -> bool:
        chosen = max((_fit(prefix, str(code)) for prefix in self.select or (ALL,)), default=-1)
        left_out = max((_fit(prefix, str(code)) for prefix in self.ignore), default=-1)
        return chosen > left_out

    def require_known(self, rules: Mapping[str, Rule]) -> Chosen:
        """Return self if every code, threshold and severity exists.

        Raises
        ------
        AnchorauditError
            For the first one that does not exist.

        Examples
        --------
        >>> from anchoraudit.rules import all_rules
        >>> Chosen(select=("BOX",)).require_known(all_rules()).select
        ('BOX',)
        """
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
                    raise AnchorauditError(
                        f"{name} = {value} of {code} is not finite", remedy="Give a finite number."
                    )
        for code, severity in self.severities.items():
            self._require_severity(code, severity, rules)
        return self

    def _require_severity(self, code: str, severity: Severity, rules: Mapping[str, Rule]) -> None:
        if code not in rules:
            raise unknown("rule", code, rules)
        if severity not in SEVERITIES:
            raise AnchorauditError(
                f"severity = {severity!r} of {code} does not exist",
                remedy=f"Allowed: {', '.join(SEVERITIES)}.",
            )

    def in_force(self, rules: Mapping[str, Rule]) -> dict[str, Rule]:
        """Return the rules, with the chosen severities in place of their own.

        Examples
        --------
        >>> from anchoraudit.rules import all_rules
        >>> chosen = Chosen(severities={"BOX012": "error"})
        >>> chosen.in_force(all_rules())["BOX012"].severity
        'error'
        """
        return {
            code: replace(rule, severity=self.severities[code]) if code in self.severities else rule
            for code, rule in rules.items()
        }


def _fit(prefix: str, code: str) -> int:
    """Return how many letters of the code the prefix fixes, -1 if the code starts differently."""
    if prefix == ALL:
        return 0
    return len(prefix) if code.startswith(prefix) else -1


def unknown(what: str, name: str, known: Iterable[str]) -> AnchorauditError:
    """Return the error about a name that does not exist, with the nearest name that does."""
    known = list(known)
    hint = did_you_mean(name, known, alike=_LIKE_A_CODE)
    listed = "anchoraudit rules lists them" if what == "rule" else f"Allowed: {', '.join(known) or 'none'}"
    return AnchorauditError(f"unknown {what} {name!r}", remedy=f"{hint}{listed}.")
