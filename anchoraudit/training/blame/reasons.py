"""What in a batch explains a loss that is not finite, or an error of the framework, as sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.errors_raised import reason
from anchoraudit.encoding.verdicts import VERDICTS, WITHOUT_FOREGROUND
from anchoraudit.training.check import Checked
from anchoraudit.training.outcomes import OUTCOMES

_MOST_BOXES = 3  # boxes of an image that a sentence names


@dataclass(frozen=True, slots=True)
class Reason:
    """Something about an image of the batch. image: its position. guilty: alone it spoils the loss."""

    image: int
    sentence: str
    guilty: bool


def reasons_of(checked: Checked) -> list[Reason]:
    """Return what is wrong with each image of a batch, the guilty ones first."""
    audit = checked.audit
    found = [*_fatal_boxes(audit), *_raising(audit), *_empty(checked)]
    return sorted(found, key=lambda one: (not one.guilty, one.image))


def of_the_batch(checked: Checked) -> str:
    """Say what the loss makes of the batch as a whole; "" if nothing in it is wrong."""
    found = checked.outcomes
    images, empty = int(found.images[0]), int(found.without_foreground[0])
    outcome = OUTCOMES[int(found.outcome[0])]
    detector = checked.audit.detector
    said = detector.loss.on_empty(detector.match.unit)
    if outcome == "raises":
        return f"{detector.framework or detector.name} stops at this batch"
    if outcome == "nan" and bool(found.guilty.any()) and empty < images:
        return "one image is enough to make the loss of this batch NaN or infinite"
    if empty == images:
        only = "its only image has" if images == 1 else f"none of its {images} images has"
        return f"{only} foreground: {said}"
    return f"{empty} of its {images} images have no foreground: {said}" if empty else ""


def _fatal_boxes(audit: Audit) -> list[Reason]:
    admitted = audit.admitted
    if admitted is None:
        return []
    found = []
    for row in admitted.fatal.tolist():
        image, box = _of(audit, row)
        corners = ", ".join(f"{value:g}" for value in audit.dataset.boxes.xyxy[row].tolist())
        said = f"{_name(audit, image)}: box {box} ({corners}): {admitted.words(row)}"
        found.append(Reason(image, said, guilty=True))
    return found


def _raising(audit: Audit) -> list[Reason]:
    return [
        Reason(
            image,
            f"{_name(audit, image)}: {reason(int(audit.image_results.raises[image]), audit.detector)}",
            guilty=True,
        )
        for image in np.flatnonzero(audit.image_results.raises > 0).tolist()
    ]


def _empty(checked: Checked) -> list[Reason]:
    audit, guilty = checked.audit, checked.outcomes.guilty
    found = []
    for image in audit.images_with(*WITHOUT_FOREGROUND):
        verdict = VERDICTS[int(audit.image_results.verdict[image])]
        if verdict == "encoder_error":
            continue  # said already
        rows = audit.boxes_of(image)
        if not len(rows):
            said = "no object, so no foreground"
        elif verdict == "no_usable_box":
            said = f"{_boxes(len(rows))}, none of which reaches the assigner, so no foreground"
        else:
            causes = [CAUSES[code] for code in audit.box_results.cause[rows].tolist() if code >= 0]
            why = ", ".join(dict.fromkeys(causes)) or "not usable"
            said = f"{_boxes(len(rows))}, and no {audit.detector.match.unit} learns any of them ({why})"
        found.append(Reason(image, f"{_name(audit, image)}: {said}", bool(guilty[image])))
    return found


def _of(audit: Audit, row: int) -> tuple[int, int]:
    image = int(audit.dataset.boxes.image[row])
    return image, int(np.flatnonzero(audit.boxes_of(image) == row)[0])


def _name(audit: Audit, image: int) -> str:
    return audit.dataset.images.file_names[image]


def _boxes(count: int) -> str:
    return f"{count} box{'' if count == 1 else 'es'}"
