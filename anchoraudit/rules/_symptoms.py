"""Leaves out what follows from a greater fault: one error for one fault, with one remedy.

Where a data set is audited in parts, the fault shows only when all parts are known. So the findings of each
part are divided into groups of which each stays, or is left out, as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Int, distinct
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Hits
from anchoraudit.rules._findings import Findings
from anchoraudit.rules._rule import Rule


class Group(NamedTuple):
    """Findings of a part that count, or do not count, as one.

    code: their rule's. path: the source that they are about, or the file where that is none; "" where they
    follow from no fault of a file. tentative: the totals decide on them.
    """

    code: str
    path: str
    tentative: bool


def without_symptoms(
    groups: dict[str, list[Sequence[Finding]]], rules: dict[str, Rule], dataset: Dataset
) -> None:
    """Take findings out of `groups` that follow from an error about the same file.

    groups: the findings of each rule, by its code. Symptoms stay where the fault itself is no error to the
    user. What the framework makes of the fault stays, too; but what is done about it is in `rules`: no longer
    its own remedy, but the fault's.
    """
    for code, parts in list(groups.items()):
        if not _is_fault(rules[code]) or not parts:
            continue
        faulty = {finding.path for part in parts for finding in part}
        for symptom in rules[code].symptoms:
            if symptom in groups:
                kept = (_elsewhere(part, faulty, dataset) for part in groups[symptom])
                groups[symptom] = [part for part in kept if len(part)]
    follow_faults([code for code, parts in groups.items() if parts], rules)


def follow_faults(codes: Iterable[str], rules: dict[str, Rule]) -> None:
    """Give the rules that follow from one of these faults, by code, the fault's remedy."""
    for code in codes:
        if _is_fault(rules[code]):
            for effect in rules[code].follow:
                rules[effect] = replace(rules[effect], remedy=f"fix {code} first; this may follow from it")


def without_faulty(groups: Iterable[Group], found: Findings, rules: Mapping[str, Rule]) -> list[Group]:
    """Return the groups without those that follow from an error about the same file among `found`."""
    faulty: dict[str, set[str]] = {}
    for code in found.counts:
        if _is_fault(rules[code]):
            for symptom in rules[code].symptoms:
                faulty.setdefault(symptom, set()).update(one.path for one in found.of(code))
    return [
        group
        for group in groups
        if group.code not in faulty or not _is_about(group.path, _folders(faulty[group.code]))
    ]


def divided(
    found: Findings, rules: Mapping[str, Rule], dataset: Dataset
) -> dict[Group, list[Sequence[Finding]]]:
    """Divide the findings of a part into groups, as they were made: some by the reader, some by a check."""
    symptoms = {symptom for rule in rules.values() for symptom in rule.symptoms}
    sources = [str(source.path) for source in dataset.sources]
    places = sorted({*sources, str(dataset.root)}, key=len, reverse=True)
    groups: dict[Group, list[Sequence[Finding]]] = {}

    def add(code: str, path: str, part: Sequence[Finding]) -> None:
        tentative = isinstance(part, Hits) and part.tentative
        groups.setdefault(Group(code, path, tentative), []).append(part)

    for code in found.counts:
        for part in found.parts_of(code):
            if code not in symptoms:
                add(code, "", part)
            elif isinstance(part, Hits):
                of_source = dataset.images.source[_images_of(part, dataset)]
                for number in distinct(of_source).tolist():
                    add(code, sources[number], part.of_rows(part.rows[of_source == number]))
            else:
                for finding in part:
                    below = (place for place in places if _is_about(finding.path, (f"{place}/",)))
                    add(code, next(below, finding.path), [finding])
    return groups


def _is_fault(rule: Rule) -> bool:
    return bool(rule.symptoms) and rule.severity == "error"


def _folders(faulty: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{path}/" for path in faulty)


def _is_about(path: str, folders: tuple[str, ...]) -> bool:
    """Tell whether a path is one of these folders or files, or below one; so is a path that is not known."""
    return f"{Path(path)}/".startswith(folders) or not path


def _images_of(part: Hits, dataset: Dataset) -> Int:
    return dataset.boxes.image[part.rows] if part.about == "box" else part.rows


def _elsewhere(part: Sequence[Finding], faulty: Iterable[str], dataset: Dataset) -> Sequence[Finding]:
    """Return the findings that are not about these files, or about files below these folders."""
    folders = _folders(faulty)
    if not isinstance(part, Hits):
        return [finding for finding in part if not _is_about(finding.path, folders)]
    of_source = np.array([_is_about(str(source.path), folders) for source in dataset.sources], dtype=np.bool_)
    return part.of_rows(part.rows[~of_source[dataset.images.source[_images_of(part, dataset)]]])
