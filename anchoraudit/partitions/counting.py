"""From the audit of a part to the numbers that merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from anchoraudit.arrays import in_all, stable_argsort
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.shares import by_class, by_level, images_by_class
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.labels import clipped_boxes
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.partitions.partial import KEPT, WORST, Found, Partial, Place
from anchoraudit.partitions.sizes import SizeHistogram
from anchoraudit.report import words
from anchoraudit.report.outputs import entries_of_images
from anchoraudit.rules import Chosen, Context, Findings, Hits, Totals, groups_of, of_the_whole


def partial_of(
    audit: Audit, context: Context, chosen: Chosen, found: Findings, *, about: Mapping[str, Any], part: int
) -> Partial:
    """Return the numbers of the audit of a part.

    context: what the rules looked at. chosen: which rules, with which thresholds. found: what those about
    single images and boxes found. about: what all parts have in common. part: its number.
    """
    groups = groups_of(found, audit.original)
    return Partial(
        about,
        (part,),
        _counts(audit, context),
        Totals.of(context, chosen),
        _sizes(audit, context),
        {group: _found(own, part) for group, own in sorted(groups.items())},
        tuple(sorted({astuple(finding) for finding in of_the_whole(audit.original.findings)})),
        _worst(audit, part),
        tuple(sorted({*audit.original.notes, *audit.dataset.notes})),
    )


def _counts(audit: Audit, context: Context) -> dict[str, Any]:
    classes, levels = by_class(audit), by_level(audit, context.on_input)
    return {
        "summary": audit.summary(),
        "by_class": np.column_stack([classes.boxes, classes.usable, classes.by_status]).tolist(),
        "images_by_class": images_by_class(audit.dataset).tolist(),
        "by_level": None if levels is None else levels.boxes.tolist(),
        "not_usable": audit.labels.reasons(),
        "clipped": int(np.count_nonzero(audit.labels.clipped)),
        "dropped_by_loader": words.dropped_by_loader(audit),
    }


def _sizes(audit: Audit, context: Context) -> SizeHistogram:
    """Count the sizes of usable boxes on the network's input; without a detector, as they are."""
    if context.on_input is None:
        sizes = box_sizes(clipped_boxes(audit.dataset, np.flatnonzero(audit.labels.usable)))
    else:
        sizes = context.input_sides
    positive = in_all(sizes > 0)
    return SizeHistogram.of(sizes if positive.all() else sizes[positive])


def _found(own: Sequence[Finding], part: int) -> Found:
    """Count what a rule found in a part, and keep the first: in the reader's order, or by rows."""
    if isinstance(own, Hits):
        kept = stable_argsort(own.rows)[:KEPT].tolist()
        return Found(len(own), tuple(((1, part, int(own.rows[at])), own[at]) for at in kept))
    return Found(len(own), tuple(((0, part, at), own[at]) for at in range(min(len(own), KEPT))))


def _worst(audit: Audit, part: int) -> tuple[tuple[Place, dict[str, Any]], ...]:
    """Return the worst images, each with its place in the order: as a report of the whole has it."""
    results, images = audit.image_results, words.flagged(audit)[:WORST]
    unmatched, best = results.unmatched[images].tolist(), np.nan_to_num(results.best_iou[images]).tolist()
    ranks = [words.rank(VERDICTS[code]) for code in results.verdict[images].tolist()]
    columns = audit.dataset.images
    entry = np.zeros(len(columns), dtype=np.int64) if columns.entry is None else columns.entry
    # Where images have entries, the pieces need not be in their order.
    in_files = zip(columns.source[images].tolist(), entry[images].tolist(), strict=True)
    places = zip(ranks, unmatched, best, in_files, images, strict=True)
    return tuple(
        ((rank, -lost, iou, *at, part, image), entry)
        for (rank, lost, iou, at, image), entry in zip(places, entries_of_images(audit, images), strict=True)
    )
