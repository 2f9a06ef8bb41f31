"""How a manifest would differ from its source, entry by entry, without writing it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.fixes import Change
from anchoraudit.fixes.changes import ORDER, Changes
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest.keeping import Filtered
from anchoraudit.manifest.leaving import REASONS, left_out


def difference(filtered: Filtered) -> list[Change]:
    """List what would change in a manifest, in the order of the files.

    The reason for a dropped image is its verdict, or that it has an error. Its boxes go with it; they are
    listed only if a fix dropped them.
    """
    plan, keep = filtered.plan, filtered.keep
    dataset = filtered.audit.original
    texts = Texts(dataset.sources)
    changes = [] if plan is None else plan.changes(keep, texts)
    make = Changes(dataset, texts)
    for image in np.flatnonzero(~keep).tolist():
        changes.append(of_dropped_image(make, filtered.audit, image, filtered.why))
    reasons = np.where(keep[dataset.boxes.image], left_out(dataset, texts), 0)
    changes += [make.without_box(row, REASONS[int(reasons[row])]) for row in np.flatnonzero(reasons).tolist()]
    if filtered.taken is not None:
        before, these = filtered.taken
        of_boxes = Changes(before, texts)
        rows = np.flatnonzero(these & keep[before.boxes.image]).tolist()
        changes += [of_boxes.without_box(row, "RUN005") for row in rows]
    return sorted(changes, key=ORDER)


def of_dropped_image(make: Changes, audit: Audit, image: int, why: Mapping[int, Finding]) -> Change:
    """Return the change of an image that goes. why: for images with an error, the first one."""
    dataset, results = audit.original, audit.image_results
    values = [
        ("file_name", dataset.images.file_names[image], ""),
        ("boxes", str(int(results.boxes[image])), ""),
    ]
    reason = why[image].code if image in why else VERDICTS[int(results.verdict[image])]
    return make.of_image(image, reason, values, gone=True)
