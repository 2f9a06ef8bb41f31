"""From the audit of a part to the numbers that merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.shares import by_class, by_level, images_by_class
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.labels import clipped_boxes
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.partitions.partial import KEPT, Found, Partial, Place, fields_of
from anchoraudit.partitions.sizes import SizeHistogram
from anchoraudit.report import words
from anchoraudit.report.outputs import entry_of_image
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
        _counts(audit),
        Totals.of(context, chosen),
        _sizes(audit),
        {group: _found([own], part) for group, own in sorted(groups.items())},
        tuple(sorted({fields_of(finding) for finding in of_the_whole(audit.original.findings)})),
        tuple((_place(audit, row, part), entry_of_image(audit, row)) for row in words.flagged(audit)[:KEPT]),
        tuple(sorted({*audit.original.notes, *audit.dataset.notes})),
    )


def _counts(audit: Audit) -> dict[str, Any]:
    classes, levels = by_class(audit), by_level(audit)
    return {
        "summary": audit.summary(),
        "by_class": np.column_stack([classes.boxes, classes.usable, classes.by_status]).tolist(),
        "images_by_class": images_by_class(audit.dataset).tolist(),
        "by_level": None if levels is None else levels.boxes.tolist(),
        "not_usable": audit.labels.reasons(),
        "clipped": int(np.count_nonzero(audit.labels.clipped)),
        "dropped_by_loader": words.dropped_by_loader(audit),
    }


def _sizes(audit: Audit) -> SizeHistogram:
    """Count the sizes of usable boxes on the network's input; without a detector, as they are."""
    rows = np.flatnonzero(audit.labels.usable)
    if audit.replayed is None:
        sizes = box_sizes(clipped_boxes(audit.dataset, rows))
    else:
        sizes = box_sizes(audit.net_boxes(rows))
    return SizeHistogram.of(sizes[(sizes > 0).all(axis=1)])


def _found(sequences: Sequence[Sequence[Finding]], part: int) -> Found:
    """Count what a rule found in a part, and keep the first: those of the reader, then by rows."""
    first: list[tuple[Place, Finding]] = []
    for own in sequences:
        places = own.rows.tolist() if isinstance(own, Hits) else range(len(own))
        kept = sorted(range(len(own)), key=places.__getitem__)[:KEPT]
        first += [((int(isinstance(own, Hits)), part, places[at]), own[at]) for at in kept]
    return Found(sum(map(len, sequences)), tuple(sorted(first)[:KEPT]))


def _place(audit: Audit, image: int, part: int) -> Place:
    """Return by what a flagged image is in order: as in a report of the whole, then as it is read."""
    results = audit.image_results
    best = float(np.nan_to_num(results.best_iou[image]))
    verdict = VERDICTS[int(results.verdict[image])]
    unmatched = int(results.unmatched[image])
    return (words.rank(verdict), -unmatched, best, part, image)
