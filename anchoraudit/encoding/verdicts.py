"""The verdicts on images, and how a verdict follows from the boxes."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int8
from anchoraudit.dataset.fates import DROPPED, RAISED, STOPS

VERDICTS = (
    "ok",
    "forced_only",
    "empty_foreground",
    "blank",
    "no_usable_box",
    "encoder_error",
    "left_out",
    "unknown",
)
# An image with one of these verdicts trains without foreground, or not at all.
WITHOUT_FOREGROUND = ("empty_foreground", "blank", "no_usable_box", "encoder_error")
VERDICT_CODE = {name: code for code, name in enumerate(VERDICTS)}


def verdicts_of(
    *,
    boxes: Bool,
    usable: Bool,
    matched: Bool,
    forced: Bool,
    size_unknown: Bool,
    raises: Bool,
    fate: Int8 | None = None,
) -> Int8:
    """Return the verdict on each of N images: int8 [N], index into VERDICTS.

    boxes, usable, matched, forced: bool [N], the image has any box, a usable, a matched, a forced one.
    size_unknown: bool [N], unknown image size. raises: bool [N], the framework raises on the image.
    fate: int8 [N], what becomes of it in the loader, an index into `FATES`; None without one.
    """
    # A later line overrules the earlier ones.
    verdict = np.full(len(boxes), VERDICT_CODE["empty_foreground"], dtype=np.int8)
    verdict[forced] = VERDICT_CODE["forced_only"]
    verdict[matched] = VERDICT_CODE["ok"]
    verdict[~usable] = VERDICT_CODE["no_usable_box"]
    verdict[size_unknown] = VERDICT_CODE["unknown"]
    verdict[~boxes] = VERDICT_CODE["blank"]
    verdict[raises & ~size_unknown] = VERDICT_CODE["encoder_error"]
    if fate is not None:
        verdict[fate == DROPPED] = VERDICT_CODE["left_out"]
        verdict[(fate == RAISED) | (fate == STOPS)] = VERDICT_CODE["encoder_error"]
    return verdict
