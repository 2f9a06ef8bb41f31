"""How a manifest would differ from its source, entry by entry, without writing it."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.fixes import Change, Plan
from anchoraudit.fixes.changes import ORDER, Changes
from anchoraudit.formats.coco.text import Texts
from anchoraudit.manifest.leaving import REASONS, left_out


def difference(audit: Audit, keep: Bool, plan: Plan | None = None) -> list[Change]:
    """List what would change in the manifest of the images `keep` [N], in the order of the files.

    plan: the fixes that led to the audited data set. The reason for a dropped image is its verdict. Its boxes
    go with it; they are listed only if a fix dropped them.
    """
    dataset, results = audit.dataset, audit.image_results
    texts = Texts([source.path for source in dataset.sources])
    changes = [] if plan is None else plan.changes(keep, texts)
    make = Changes(dataset, texts)
    for image in np.flatnonzero(~keep).tolist():
        values = [
            ("file_name", dataset.images.file_names[image], ""),
            ("boxes", str(int(results.boxes[image])), ""),
        ]
        changes.append(make.of_image(image, VERDICTS[int(results.verdict[image])], values, gone=True))
    reasons = np.where(keep[dataset.boxes.image], left_out(dataset, texts), 0)
    changes += [make.without_box(row, REASONS[int(reasons[row])]) for row in np.flatnonzero(reasons).tolist()]
    return sorted(changes, key=ORDER)
