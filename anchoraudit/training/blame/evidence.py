"""The batch of a step, saved with its detector, so that the verdict on it can be reproduced anywhere.

One JSON document. It holds boxes, labels, sizes and names, not the pictures: labels follow from these alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from anchoraudit import __version__
from anchoraudit.advice.blame import Blamed, blame, called
from anchoraudit.detectors import Detector
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.json_text import decode
from anchoraudit.io.outputs import make_folder, together, write_text
from anchoraudit.report.words import count
from anchoraudit.training.blame.page import page_of
from anchoraudit.training.check import Checked, judged_by
from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.recorder import Recorder

KIND = "anchoraudit blame"
_NAME = "blame"


class _Image(msgspec.Struct):
    name: str | int | None
    width: float | None
    height: float | None
    boxes: list[tuple[float | str, float | str, float | str, float | str]]
    labels: list[int | None]


class _Document(msgspec.Struct):
    document: str
    version: str
    step: int
    epoch: int
    what: str
    form: str
    losses: dict[str, str]
    said: list[str]
    detector: dict[str, Any]
    images: list[_Image]
    problems: list[Problem] = []


@dataclass(frozen=True)
class Evidence:
    """A step whose batch spoils the loss, or whose loss was not finite.

    step, epoch: from 0. what: what happened, as the end of a sentence about the step. losses: those that were
    not finite. checked: the verdict on its batch. fed: the batch.
    """

    step: int
    epoch: int
    what: str
    losses: Mapping[str, float]
    checked: Checked
    fed: Fed

    @cached_property
    def blamed(self) -> Blamed:
        """The batch, looked at: its images, odd boxes, and what explains a NaN or an error."""
        found = blame(self.checked.audit, range(len(self.fed)))
        said = (f"{one.place}: {one.message}" for one in self.of_form)
        return replace(found, explains=(*said, *found.explains))

    @property
    def of_form(self) -> list[Problem]:
        """What is wrong with the form of the batch, and stops the framework or makes the loss NaN."""
        labels = self.checked.audit.detector.labels
        return [one for one in self.fed.problems if self.fed.leads_to(one, labels) in ("raises", "nan")]

    @property
    def sentences(self) -> list[str]:
        """What explains the loss, then the images without foreground; [] if there is nothing to say."""
        blamed = self.blamed
        empty = [
            f"{called(one.file_name)}: {count(one.boxes, 'box')}, no foreground"
            f" ({one.cause or one.verdict.replace('_', ' ')})"
            for one in blamed.images
            if one.verdict in WITHOUT_FOREGROUND and one.verdict != "encoder_error"
        ]
        return [*blamed.explains, *empty]


def write_evidence(evidence: Evidence, folder: Path) -> Path:
    """Write `blame.json` and `blame.html` into a folder, which is made; return the first.

    Files of these names stay: the next free number is taken. Raises AnchorauditError if they cannot be
    written.
    """
    make_folder(folder)
    number = 1
    while (path := folder / f"{_NAME}{'' if number == 1 else f'-{number}'}.json").exists():
        number += 1
    with together():
        write_text(path, evidence_json(evidence))
        write_text(path.with_suffix(".html"), page_of(evidence))
    return path


def evidence_json(evidence: Evidence) -> str:
    """Return the document as text."""
    fed = evidence.fed
    counts = np.bincount(fed.image, minlength=len(fed))
    ends = np.cumsum(counts).tolist()
    images = [
        _Image(
            name,
            None if math.isnan(width) else width,
            None if math.isnan(height) else height,
            [tuple(map(_written, box)) for box in fed.boxes[end - own : end].tolist()],  # type: ignore[misc]
            [None if one == NO_LABEL else one for one in fed.labels[end - own : end].tolist()],
        )
        for name, (width, height), own, end in zip(
            fed.names, fed.sizes.tolist(), counts.tolist(), ends, strict=True
        )
    ]
    document = _Document(
        KIND,
        __version__,
        evidence.step,
        evidence.epoch,
        evidence.what,
        evidence.checked.form,
        {name: f"{value:g}" for name, value in evidence.losses.items()},
        evidence.sentences,
        msgspec.to_builtins(evidence.checked.audit.detector),
        images,
        list(fed.problems),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def read_evidence(path: Path) -> Evidence:
    """Read a document, and judge its batch again.

    Raises AnchorauditError if the file cannot be read, or is no such document.
    """
    remedy = "Give the blame.json that a guard or a callback has written."
    try:
        document = msgspec.convert(decode(path), _Document, strict=False)
        detector = msgspec.convert(document.detector, Detector)
        losses = {name: float(value) for name, value in document.losses.items()}
        fed = _fed(document)
    except (msgspec.ValidationError, ValueError) as error:
        raise AnchorauditError(f"this is no evidence of a step: {error}", path=path, remedy=remedy) from None
    if document.document != KIND:
        raise AnchorauditError(f"this is {document.document!r}, not {KIND!r}", path=path, remedy=remedy)
    recorder = Recorder()
    recorder.add(fed, document.step)
    checked = judged_by(recorder, document.form, detector)
    return Evidence(document.step, document.epoch, document.what, losses, checked, fed)


def _fed(document: _Document) -> Fed:
    images = document.images
    counts = [len(one.boxes) for one in images]
    if counts != [len(one.labels) for one in images]:
        raise ValueError("an image has another number of labels than of boxes")
    nan = math.nan
    return Fed(
        sizes=np.array(
            [(nan if i.width is None else i.width, nan if i.height is None else i.height) for i in images],
            dtype=np.float64,
        ).reshape(-1, 2),
        boxes=np.array([[float(v) for v in box] for one in images for box in one.boxes]).reshape(-1, 4),
        image=np.repeat(np.arange(len(images)), counts),
        labels=np.array(
            [NO_LABEL if label is None else label for one in images for label in one.labels], dtype=np.int64
        ),
        names=[one.name for one in images],
        problems=tuple(document.problems),
    )


def _written(value: float) -> float | str:
    return value if math.isfinite(value) else f"{value:g}"
