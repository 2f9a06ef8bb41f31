"""Leaves out what follows from a greater fault: one error for one fault, with one remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Hits
from anchoraudit.rules._rule import Rule


def without_symptoms(
    groups: dict[str, list[Sequence[Finding]]], rules: dict[str, Rule], dataset: Dataset
) -> None:
    """Take findings out of `groups` that follow from an error about the same file.

    groups: the findings of each rule, by its code. Symptoms stay where the fault itself is no error to the
    user. What the framework makes of the fault stays, too; but what is done about it is in `rules`: no longer
    its own remedy, but the fault's.
    """
    for code, parts in list(groups.items()):
        rule = rules[code]
        if not rule.symptoms or rule.severity != "error" or not parts:
            continue
        faulty = {finding.path for part in parts for finding in part}
        for symptom in rule.symptoms:
            if symptom in groups:
                kept = (_elsewhere(part, faulty, dataset) for part in groups[symptom])
                groups[symptom] = [part for part in kept if len(part)]
        for effect in rule.follow:
            rules[effect] = replace(rules[effect], remedy=f"fix {code} first; this may follow from it")


def _elsewhere(part: Sequence[Finding], faulty: Iterable[str], dataset: Dataset) -> Sequence[Finding]:
    """Return the findings that are not about these files, or about files below these folders."""
    folders = tuple(f"{path}/" for path in faulty)

    def is_faulty(path: str) -> bool:
        return f"{Path(path)}/".startswith(folders) or not path

    if not isinstance(part, Hits):
        return [finding for finding in part if not is_faulty(finding.path)]
    of_source = np.array([is_faulty(str(source.path)) for source in dataset.sources], dtype=np.bool_)
    image = dataset.boxes.image[part.rows] if part.about == "box" else part.rows
    return part.of_rows(part.rows[~of_source[dataset.images.source[image]]])
