"""CLS013: class with another index in another file."""

from __future__ import annotations

from collections.abc import Sequence

from anchoraudit.classes.table import by_name
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import framework, listed, name
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find names whose index differs between the annotation files, such as those of train and val."""
    table = context.classes
    if table is None or table.rules is None:
        return []
    told: list[str] = []
    other = ""
    for one, rows in by_name(table.rows).items():
        placed = [row for row in rows if row.index is not None and not context.placeholders[row.number]]
        placed.sort(key=lambda row: row.sources[0])
        if len({row.index for row in placed}) < 2:
            continue
        # A name that one file lists twice is CLS004.
        where = [(row.index, _files(context, row.sources)) for row in placed]
        if any(set(a) & set(b) for i, (_, a) in enumerate(where) for _, b in where[i + 1 :]):
            continue
        told.append(f"{name(one)} is {' and '.join(f'{index} in {files[0]}' for index, files in where)}")
        other = other or str(context.dataset.sources[placed[-1].sources[-1]].path)
    if not told:
        return []
    text = f"{framework(context)} numbers classes of these files differently: {listed(told)}"
    return [Finding("CLS013", text, other, "", f"{len(told):,} classes", "indices of classes")]


def _files(context: Context, numbers: Sequence[int]) -> list[str]:
    """Return the splits, or else the names of the files, of these sources."""
    every = context.dataset.sources
    by_split = len({source.split for source in every}) == len(every)
    sources = [every[number] for number in numbers]
    return [source.split if by_split and source.split else source.path.name for source in sources]


RULE = Rule(
    code="CLS013",
    severity="error",
    title="class with another index in another file",
    what=(
        "A class of the same name gets another index from one annotation file than from another, as the "
        "chosen framework numbers classes: by the order of `categories` (mmdetection), by sorted id "
        "(detectron2, YOLOX), or by the id itself."
    ),
    why=(
        "The network learns one class under an index that means another one in the evaluation, or in the "
        "other training file. The metrics are wrong, and no error says so."
    ),
    example="train: categories cat, dog; val: categories dog, cat; under mmdetection",
    remedy="give every file the same `categories`, with the same ids in the same order",
    check=check,
    scope="totals",
)
