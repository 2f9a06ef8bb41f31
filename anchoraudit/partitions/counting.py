"""From the audit of a part to the numbers that merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from heapq import merge
from itertools import chain, islice
from typing import Any

import numpy as np

from anchoraudit.arrays import Int, in_all, stable_argsort
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.shares import by_class, by_level, images_by_class
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.labels import clipped_boxes
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.partitions.partial import KEPT, WORST, Found, Partial, Place
from anchoraudit.partitions.sizes import SizeHistogram
from anchoraudit.partitions.slices import Rows
from anchoraudit.report import words
from anchoraudit.report.outputs import entries_of_images
from anchoraudit.rules import Chosen, Context, Hits, Totals, all_rules, groups_of, of_the_whole


def partial_of(
    audit: Audit,
    context: Context,
    chosen: Chosen,
    read: Sequence[Finding],
    *,
    about: Mapping[str, Any],
    part: int,
    rows: Rows | None = None,
) -> Partial:
    """Return the numbers of the audit of a part, or of a slice of it.

    audit: with the findings about single images and boxes. context: what the rules looked at. chosen: which
    rules, with which thresholds. read: what the reader found. about: what all parts have in common. part: its
    number. rows: of the slice; None of the part itself.
    """
    groups = groups_of(audit.findings, audit.original)
    return Partial(
        about,
        (part,),
        _counts(audit, context),
        Totals.of(context, chosen),
        _sizes(audit, context),
        {group: _found(made, part, rows) for group, made in sorted(groups.items())},
        tuple(sorted({astuple(finding) for finding in of_the_whole(read)})),
        _worst(audit, part, rows),
        tuple(sorted({*audit.original.notes, *audit.dataset.notes})),
    )


def _counts(audit: Audit, context: Context) -> dict[str, Any]:
    classes, levels = by_class(audit), by_level(audit, context.on_input)
    return {
        "summary": audit.summary(),
        "by_class": np.column_stack([classes.boxes, classes.usable, classes.by_status]).tolist(),
        "images_by_class": images_by_class(audit.dataset).tolist(),
        "by_level": None if levels is None else levels.boxes.tolist(),
        "not_usable": dict(sorted(audit.labels.reasons().items())),  # an order that sums keep
        "clipped": int(np.count_nonzero(audit.labels.clipped)),
        "dropped_by_loader": words.dropped_by_loader(audit),
        "flagged": len(words.flagged(audit)),
        "not_seen": _not_seen(audit),
    }


def _not_seen(audit: Audit) -> int:
    """Count the images in a known folder whose files nobody looked at."""
    if audit.image_files is not None:
        return 0
    dataset = audit.original
    in_folder = np.array([source.image_folder is not None for source in dataset.sources])
    return int(np.count_nonzero(in_folder[dataset.images.source]))


def _sizes(audit: Audit, context: Context) -> SizeHistogram:
    """Count the sizes of usable boxes on the network's input; without a detector, as they are."""
    if context.on_input is None:
        sizes = box_sizes(clipped_boxes(audit.dataset, np.flatnonzero(audit.labels.usable)))
    else:
        sizes = context.input_sides
    positive = in_all(sizes > 0)
    return SizeHistogram.of(sizes if positive.all() else sizes[positive])


def _found(made: Sequence[Sequence[Finding]], part: int, rows: Rows | None) -> Found:
    """Count what a rule found in a part, and keep the first: in the reader's order, then by rows."""
    read = chain.from_iterable(own for own in made if not isinstance(own, Hits))
    first: list[tuple[Place, Finding]] = [
        ((0, part, at), finding) for at, finding in enumerate(islice(read, KEPT))
    ]
    hits = [_first_hits(own, part, rows, KEPT - len(first)) for own in made if isinstance(own, Hits)]
    first += islice(merge(*hits, key=lambda each: each[0]), KEPT - len(first))
    return Found(sum(map(len, made)), tuple(first))


def _first_hits(own: Hits, part: int, rows: Rows | None, most: int) -> list[tuple[Place, Finding]]:
    kept: Int = stable_argsort(own.rows)[:most]
    of_part = own.rows[kept]
    if rows is not None:
        of_part = (rows.boxes if own.about == "box" else rows.images)[of_part]
    return [((1, part, row), own[at]) for row, at in zip(of_part.tolist(), kept.tolist(), strict=True)]


def _worst(audit: Audit, part: int, rows: Rows | None) -> tuple[tuple[Place, dict[str, Any]], ...]:
    """Return the worst images, each with its place in the order: as a report of the whole has it."""
    results, images = audit.image_results, _shown(audit)
    of_part = images if rows is None else rows.images[images].tolist()
    unmatched, best = results.unmatched[images].tolist(), np.nan_to_num(results.best_iou[images]).tolist()
    ranks = [words.rank(VERDICTS[code]) for code in results.verdict[images].tolist()]
    columns = audit.dataset.images
    entry = np.zeros(len(columns), dtype=np.int64) if columns.entry is None else columns.entry
    # Where images have entries, the pieces need not be in their order.
    in_files = zip(columns.source[images].tolist(), entry[images].tolist(), strict=True)
    places = zip(ranks, unmatched, best, in_files, of_part, strict=True)
    found = [
        ((rank, -lost, iou, *at, part, row), entry)
        for (rank, lost, iou, at, row), entry in zip(places, entries_of_images(audit, images), strict=True)
    ]
    return tuple(sorted(found, key=lambda each: each[0]))


def _shown(audit: Audit) -> list[int]:
    """Return the rows of the worst images, and of the worst with each other verdict that a rule reports."""
    verdict, images = audit.image_results.verdict, words.flagged(audit)[:WORST]
    others = np.bincount(verdict[verdict >= 0], minlength=len(VERDICTS)) > 0
    others[verdict[images]] = False
    of_rules = {rule.verdict for rule in all_rules().values()}
    for code in np.flatnonzero(others).tolist():
        if VERDICTS[code] in of_rules:
            images += words.flagged(audit, VERDICTS[code])[:1]
    return images
