"""The effect of random geometry on a part of a data set, for a report that was not asked to take long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.recipe import recipe_of
from anchoraudit.auditing.augmentation.frameworks.training import presented, under_training
from anchoraudit.auditing.augmentation.sensitivity import Sensitivity, sensitivity
from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.dataset.labels import Labels
from anchoraudit.dataset.parts import of_images
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit

_IMAGES, _BOXES = 1_000, 8_000  # at most; with the draws that is a second or two
_DRAWS = 16
# Where a detector names no recipe: what most trainings draw, in the middle of what is usual.
_USUAL = Augmentation(flip=True, scale=(0.5, 1.5), translate=0.1)


def on_a_sample(audit: Audit) -> tuple[Sensitivity, int]:
    """Audit some images under the training augmentation of the detector's framework, or under a usual one.

    Returns the effect on these images, and how many they are: all, or at most 1,000, drawn at random,
    always the same ones.

    Examples
    --------
    >>> found, images = on_a_sample(audit(read("sample_data/coco"), "yolov5"))
    >>> found.framework, images
    ('ultralytics/yolov5 5081342f', 26)
    """
    dataset, labels, detector = audit.dataset, presented(audit.labels, audit.admitted), audit.detector
    count = len(dataset.images)
    most = min(_IMAGES, max(1, round(count * _BOXES / max(len(dataset.boxes), 1))))
    if count > most:
        rows = np.sort(np.random.default_rng(0).permutation(count)[:most])
        chosen = np.isin(dataset.boxes.image, rows)
        labels = Labels(labels.usable[chosen], labels.reason[chosen], labels.clipped[chosen])
        dataset = of_images(dataset, rows)
    try:
        recipe_of(detector)
        found = under_training(dataset, labels, detector, draws=_DRAWS)
    except AnchorauditError:  # it names no recipe, or has a size for which its recipe does not hold
        found = sensitivity(dataset, labels, detector, _USUAL, draws=_DRAWS)
    return found, len(dataset.images)
