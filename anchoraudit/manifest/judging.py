"""What is judged before a manifest is written: the data set without the boxes that have an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.manifest.unfit import Unfit, emptied, told, unfit, without_boxes
from anchoraudit.rules import rule_of

# The rule about boxes in another convention than their format's.
_CONVENTION = "BOX017"


class Judged(NamedTuple):
    """The audit of what is to be written.

    taken: the data set before boxes were taken out of it, and which of its boxes they are, bool [M]; None if
    none was. found: what has an error still.
    """

    audit: Audit
    taken: tuple[Dataset, Bool] | None
    found: Unfit


def judged(source: Dataset, judge: Callable[[Dataset], Audit], *, boxes_may_go: bool) -> Judged:
    """Audit a data set, without the boxes that have an error if they may go; else their images go.

    judge: audits one. Raises AnchorauditError if boxes are written in another convention.
    """
    result = judge(source)
    first = found = unfit(result, boxes_may_go=boxes_may_go)
    # Without the boxes that stop the model, the others look right.
    _require_own_convention(found.whole, source.root)
    taken = None
    if found.boxes.any():
        if boxes_may_go:
            taken = source, found.boxes
            result = judge(without_boxes(source, found.boxes))
            found = unfit(result)
        else:  # a list of images cannot leave out a box
            found.images[source.boxes.image[found.boxes]] = True
            found.why = {**first.why_boxes, **found.why}
    with_verdicts = result.replayed is not None
    if taken is not None or not with_verdicts:
        gone = np.zeros(len(source.boxes), dtype=np.bool_) if taken is None else taken[1]
        lost = emptied(source, gone, with_verdicts=with_verdicts)
        found.images |= lost
        found.why = {i: f for i, f in first.why_boxes.items() if lost[i]} | found.why
    return Judged(result, taken, found)


def require_no_whole(whole: Sequence[Finding], root: Path) -> None:
    """Raise AnchorauditError for an error that is about no single image or box."""
    if not whole:
        return
    one, *others = told(whole)
    more = f" (and {len(others):,} more like it)" if others else ""
    code = whole[0].code
    raise AnchorauditError(
        f"filter cannot fix this error: {one}{more}",
        path=root,
        remedy=(
            f"{rule_of(code).sentence} See `anchoraudit rules show {code}`, or ignore it: --ignore {code}."
        ),
    )


def _require_own_convention(whole: Sequence[Finding], root: Path) -> None:
    """Raise AnchorauditError if boxes are written in another convention: what is filtered would be wrong."""
    misread = [finding for finding in whole if finding.code == _CONVENTION]
    if misread:
        one, *others = misread
        more = f" (and {len(others):,} more files like it)" if others else ""
        raise AnchorauditError(
            f"{one.code} {one.message}{more}; without that option, filter would write wrong boxes",
            path=one.path or root,
            remedy=(
                "Add the option to filter, which then writes corrected boxes; or ignore the rule: "
                f"--ignore {one.code}."
            ),
        )
