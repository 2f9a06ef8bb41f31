"""Which images a manifest keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.outside import far_outside
from anchoraudit.encoding.statuses import FOREGROUND, has
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes import Plan
from anchoraudit.formats.coco.text import Texts
from anchoraudit.io.suggest import did_you_mean
from anchoraudit.manifest.leaving import FAR_OUTSIDE, left_out

# All verdicts without foreground, and what the loader leaves out.
DEFAULT_DROP = ("empty_foreground", "blank", "no_usable_box", "encoder_error", "left_out")


@dataclass(frozen=True, slots=True)
class Filtered:
    """Which of N images a manifest keeps, and what was done before.

    audit: of what is written. keep: bool [N]. plan: the fixes that led to the audited data set. taken: the
    data set before boxes with an error were taken out of it, and which of its boxes they are, bool [M]. why:
    for images with an error, the first one. blank: a scan of what is written finds images without objects;
    None: where the audit does.
    """

    audit: Audit
    keep: Bool
    plan: Plan | None = None
    taken: tuple[Dataset, Bool] | None = None
    why: Mapping[int, Finding] = field(default_factory=dict)
    blank: bool | None = None

    @property
    def keeps_blank(self) -> bool:
        """Tell whether a scan of what is written finds images without objects."""
        if self.blank is not None:
            return self.blank
        return bool((self.keep & self.audit.verdict_is("blank")).any())


def kept_by(audit: Audit, drop: tuple[str, ...] = DEFAULT_DROP, *, keep_blank: bool = False) -> Bool:
    """Tell which images stay when those with the verdicts `drop` go: bool [N].

    keep_blank: images without annotations stay, unless the framework stops at them.

    An image can lose boxes in the manifest: those far outside it, and those without coordinates in pixels,
    as its size is unknown. If nothing is left that would train, it goes if blank images go.

    Raises AnchorauditError for a verdict that does not exist, or for "ok".
    """
    require_verdicts(drop)
    keep = ~audit.verdict_is(*drop)
    if keep_blank:
        keep |= (audit.image_results.boxes == 0) & ~audit.verdict_is("encoder_error")
    return keep & ~_emptied(audit) if "blank" in drop else keep


def require_verdicts(drop: tuple[str, ...]) -> None:
    """Raise AnchorauditError for a verdict that does not exist, or for "ok"."""
    allowed = [verdict for verdict in VERDICTS if verdict != "ok"]
    for verdict in drop:
        if verdict not in allowed:
            hint = did_you_mean(verdict, allowed)
            remedy = f"{hint}Choose from: {', '.join(allowed)}."
            raise AnchorauditError(f"cannot drop {verdict!r}", remedy=remedy)


def _emptied(audit: Audit) -> Bool:
    """Tell which images lose what would train them, because the manifest leaves boxes out: bool [N].

    An image of unknown size has to keep any box, another one a box with a positive anchor.
    """
    dataset, unknown = audit.original, audit.verdict_is("unknown")
    boxes, every = dataset.boxes, np.arange(len(dataset.boxes))
    far = far_outside(dataset, every)
    if not unknown.any() and not far.any():
        return unknown
    reasons = left_out(dataset, Texts(dataset.sources))
    positive = has(audit.box_results.status, *FOREGROUND)
    loses, stays = np.zeros_like(unknown), np.zeros_like(unknown)
    loses[boxes.image[reasons == FAR_OUTSIDE]] = True
    stays[boxes.image[(reasons == 0) & (positive | unknown[boxes.image])]] = True
    emptied: Bool = (loses | (unknown & (audit.image_results.boxes > 0))) & ~stays
    return emptied
