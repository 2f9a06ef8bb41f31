"""What becomes of a box and of an image: the statuses, the verdicts, and how one follows from the other."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int8

VERDICTS = (
    "ok",
    "forced_only",
    "empty_foreground",
    "blank",
    "no_usable_box",
    "encoder_error",
    "unknown",
)
# An image of one of these would train without foreground, or not at all.
WITHOUT_FOREGROUND = ("empty_foreground", "blank", "no_usable_box", "encoder_error")
STATUSES = ("", "matched", "forced", "unmatched")  # "" is a box that is not usable
VERDICT_CODE = {name: code for code, name in enumerate(VERDICTS)}
STATUS_CODE = {name: code for code, name in enumerate(STATUSES)}


def verdicts_of(
    *, boxes: Bool, usable: Bool, matched: Bool, forced: Bool, size_unknown: Bool, raises: Bool
) -> Int8:
    """Verdict of N images: int8 [N], index into VERDICTS.

    boxes, usable, matched, forced: the image has such a box. raises: the framework would. bool [N] each.
    """
    verdict = np.full(len(boxes), VERDICT_CODE["empty_foreground"], dtype=np.int8)
    verdict[forced] = VERDICT_CODE["forced_only"]
    verdict[matched] = VERDICT_CODE["ok"]
    verdict[~usable] = VERDICT_CODE["no_usable_box"]
    verdict[size_unknown] = VERDICT_CODE["unknown"]
    verdict[~boxes] = VERDICT_CODE["blank"]
    verdict[raises & ~size_unknown] = VERDICT_CODE["encoder_error"]
    return verdict
