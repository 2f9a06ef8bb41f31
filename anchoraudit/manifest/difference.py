"""How a manifest would differ from its source, entry by entry, without writing it."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.fixes import Change
from anchoraudit.fixes.changes import ORDER, Changes
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest import Filtered
from anchoraudit.manifest.leaving import REASONS, left_out


def difference(filtered: Filtered) -> list[Change]:
    """List what would change in a manifest, in the order of the files.

    The reason for a dropped image is its verdict, or that it has an error. Its boxes go with it; they are
    listed only if a fix dropped them.
    """
    plan, keep, results = filtered.plan, filtered.keep, filtered.audit.image_results
    dataset = filtered.audit.original
    texts = Texts(dataset.sources)
    changes = [] if plan is None else plan.changes(keep, texts)
    make = Changes(dataset, texts)
    for image in np.flatnonzero(~keep).tolist():
        values = [
            ("file_name", dataset.images.file_names[image], ""),
            ("boxes", str(int(results.boxes[image])), ""),
        ]
        code = int(results.verdict[image])
        reason = filtered.why[image].code if image in filtered.why else VERDICTS[code]
        changes.append(make.of_image(image, reason, values, gone=True))
    reasons = np.where(keep[dataset.boxes.image], left_out(dataset, texts), 0)
    changes += [make.without_box(row, REASONS[int(reasons[row])]) for row in np.flatnonzero(reasons).tolist()]
    if filtered.taken is not None:
        before, these = filtered.taken
        of_boxes = Changes(before, texts)
        rows = np.flatnonzero(these & keep[before.boxes.image]).tolist()
        changes += [of_boxes.without_box(row, "RUN005") for row in rows]
    return sorted(changes, key=ORDER)
