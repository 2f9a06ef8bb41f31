"""What the rules about the framework's loader share."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.dataset.fates import DROPPED
from anchoraudit.loaders import Loaded
from anchoraudit.rules._context import Context, Hits


def asked_for(loaded: Loaded) -> Bool:
    """Tell which boxes the loader drops because their annotation asks for it: bool [M]."""
    expected = np.array([False, *(rule.expected for rule in loaded.rules)], dtype=np.bool_)
    of_boxes: Bool = expected[loaded.box_rule]
    return of_boxes


def dropped_images(context: Context) -> tuple[Bool, Bool]:
    """Tell which images the loader drops, and which have boxes that are meant to be trained: bool [N]."""
    loaded, count = context.loaded, len(context.dataset.images)
    if loaded is None:
        return np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    with_boxes = np.zeros(count, dtype=np.bool_)
    with_boxes[context.dataset.boxes.image[~asked_for(loaded) & ~context.dataset.boxes.crowd]] = True
    return loaded.image_fate == DROPPED, with_boxes


def about_images(context: Context, code: str, these: Bool) -> Hits:
    """Return findings about these images, bool [N], with the framework's words and the place of the fault."""
    loaded = context.loaded
    rows = np.flatnonzero(these)

    def tell(image: int) -> tuple[str, str]:
        assert loaded is not None  # no rows without a loader
        culprit = int(loaded.culprit[image])
        name = context.dataset.images.ids[image]
        reason, rule = loaded.reason_of_image(image), loaded.rule_of_image(image)
        if rule is not None and loaded.words(image):  # an exception alone does not always tell what is wrong
            reason = f"{reason} ({rule.because})"
        message = f"{loaded.does_with(image)}: {reason}: image {name!r}"
        return message, context.corners_in(culprit) if culprit >= 0 else ""

    def culprit_of(image: int) -> int:
        return -1 if loaded is None else int(loaded.culprit[image])

    return context.about_images(code, rows, tell, culprit=culprit_of)
