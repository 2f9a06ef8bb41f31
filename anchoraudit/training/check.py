"""`check`: one pass over a loader without the network, judged as the model would be trained on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.shown import Shown

# A training script that imports this pays for the audit's own imports only when it calls `check`.
if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.auditing.audit import Audit
    from anchoraudit.detectors import Detector
    from anchoraudit.detectors.classes import Classes
    from anchoraudit.rules import Chosen
    from anchoraudit.training.outcomes import Outcomes
    from anchoraudit.training.passing import Reader
    from anchoraudit.training.recorder import Recorder
    from anchoraudit.training.targets import Targets

_SHOWN = 3  # things that the error of a strict check names
_LINES = 5  # problems that a `repr` shows


@dataclass(slots=True, repr=False)
class Checked(Shown):
    """What a model makes of the batches that a loader hands over.

    Attributes
    ----------
    audit : Audit
        The images and boxes as they were fed, under the model's assigner: verdicts, causes, findings, tables.
    form : str
        Which form the targets had, in one line.
    outcomes : Outcomes
        What the loss makes of each batch, as columns.
    seconds_reading : float
        How long reading the targets took, without the loader itself.

    Examples
    --------
    >>> import numpy as np
    >>> images = [np.zeros((3, 480, 640)), np.zeros((3, 480, 640))]
    >>> targets = [{"boxes": [[100, 100, 300, 300]], "labels": [1]}, {"boxes": [], "labels": []}]
    >>> checked = check([(images, targets)], "torchvision-fasterrcnn_resnet50_fpn")
    >>> checked.summary()["without_foreground"], checked.passed
    (1, False)
    """

    audit: Audit
    form: str
    outcomes: Outcomes
    seconds_reading: float = 0.0

    def _shown(self) -> tuple[str, list[str]]:
        from anchoraudit.report.words import count

        found, problems = self.summary(), self.problems
        title = (
            f"Checked {count(found['batches'], 'batch')} for {self.audit.detector.name}: "
            f"{count(found['images'], 'image')}, {count(found['boxes'], 'box')}"
        )
        lines = [self.form, *problems[:_LINES]]
        if not problems:
            return title, [*lines, "Every image has foreground, and no finding is an error."]
        if more := len(problems) - _LINES:
            lines += [f"... and {more} more in .problems"] * (more > 0)
        return title, [*lines, "More: .batches_frame(), .audit.images_frame(), .audit.findings"]

    def _table(self) -> tuple[list[str], list[list[str]]]:
        rows = self.batches_frame()
        rows = rows[rows["outcome"] != "trains"]
        return ["batch", "images", "without foreground", "outcome"], rows.astype(str).to_numpy().tolist()

    def summary(self) -> dict[str, Any]:
        """Return how many batches, images and boxes there were, and what becomes of them.

        Examples
        --------
        >>> import numpy as np
        >>> batch = [np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}]
        >>> check([batch, batch], "torchvision-ssd300_vgg16").summary()["outcomes"]["trains"]
        2
        """
        from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
        from anchoraudit.training.outcomes import OUTCOMES

        counts = self.audit.summary()
        batches = {name: int(self.outcomes.is_(name).sum()) for name in OUTCOMES}
        verdicts = counts["verdicts"]
        return {
            "batches": len(self.outcomes.number),
            "images": counts["images"],
            "boxes": counts["boxes"],
            "without_foreground": sum(verdicts.get(name, 0) for name in WITHOUT_FOREGROUND),
            "outcomes": batches,
            "verdicts": verdicts,
            "findings": self.audit.findings.counts,
        }

    @property
    def passed(self) -> bool:
        """Tell whether every image has foreground, and no finding is an error: exit code 0 of `scan`.

        Examples
        --------
        >>> import numpy as np
        >>> batch = [np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}]
        >>> check([batch], "torchvision-ssd300_vgg16").passed
        True
        """
        return not self.problems

    @property
    def problems(self) -> list[str]:
        """What is wrong, each as a sentence, the worst first: [] if the check passed.

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 9, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> check([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16").problems[:2]
        ['batch 0 would stop the framework', '1 image without foreground: a.jpg']
        """
        from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
        from anchoraudit.report.words import count

        said = []
        for name, words in (("raises", "stop the framework"), ("nan", "make the loss NaN or infinite")):
            numbers = self.outcomes.number[self.outcomes.is_(name)].tolist()
            if numbers:
                said.append(f"{_batches(numbers)} would {words}")
        flagged = self.audit.images_with(*WITHOUT_FOREGROUND)
        if flagged:
            names = [self.audit.dataset.images.file_names[row] for row in flagged]
            said.append(f"{count(len(names), 'image')} without foreground: {_first(names)}")
        for code, number in self.audit.findings.counts.items():
            rule = self.audit.findings.rule(code)
            if rule.severity == "error" and not code.startswith("ANC"):
                (first, *_) = self.audit.findings.of(code, 1)
                place = f" ({first.place})" if first.place else ""
                said.append(f"{code} {rule.title}, {count(number, 'time')}: {first.message}{place}")
        return said

    def require(self) -> None:
        """Raise AnchorauditError with what is wrong, if anything is.

        Examples
        --------
        >>> import numpy as np
        >>> batch = [np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}]
        >>> check([batch], "torchvision-ssd300_vgg16").require()
        """
        if problems := self.problems:
            more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise AnchorauditError(
                f"{self.audit.detector.name} cannot train on these batches as they are: "
                f"{'; '.join(problems[:_SHOWN])}{more}",
                remedy="Call `check` without strict=True: the `audit` of its result has every image and box.",
            )

    def batches_frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each batch: batch, images, without_foreground, outcome.

        Examples
        --------
        >>> import numpy as np
        >>> batch = [np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}]
        >>> check([batch], "torchvision-ssd300_vgg16").batches_frame().values.tolist()
        [[0, 1, 0, 'trains']]
        """
        import pandas as pd

        from anchoraudit.training.outcomes import OUTCOMES

        found = self.outcomes
        return pd.DataFrame(
            {
                "batch": found.number,
                "images": found.images,
                "without_foreground": found.without_foreground,
                "outcome": [OUTCOMES[code] for code in found.outcome.tolist()],
            }
        )


def check(
    loader: Iterable[Any],
    model: Any,
    *,
    targets: Targets = None,
    batches: int | None = None,
    strict: bool = False,
    rules: Chosen | None = None,
    classes: Classes | None = None,
) -> Checked:
    """Pass once over a loader without the network, and say what training on it would do.

    Boxes are judged as the loader hands them over: after its transforms and its collate function, in the
    batches that it makes. The model's own resize follows. One pass shows one draw of random transforms;
    `watch` passes several times.

    Parameters
    ----------
    loader : iterable
        What the training loop iterates over, such as a torch DataLoader.
    model : model, Detector, str or Path
        The model in memory, as `Detector.from_model` reads it; or the name of a preset, or a detector file.
    targets : str or callable, optional
        The form of the batches, a name of `anchoraudit.training.targets`; or a function that makes
        ``(images, dicts)`` of a batch, the dicts with ``boxes`` (``x1, y1, x2, y2`` in pixels of the image)
        and ``labels``. By default it is recognised at the first batch.
    batches : int, optional
        Look at that many batches at most.
    strict : bool
        Raise an error if anything would go wrong in training.
    rules : Chosen, optional
        The rules that run; all by default.
    classes : Classes, optional
        Names and number of the classes, if the model does not say it.

    Returns
    -------
    Checked
        Verdicts, findings, and what the loss makes of each batch.

    Raises
    ------
    AnchorauditError
        If the model or the form of the batches is unknown, if the loader raises, or hands over nothing; with
        `strict`, if a batch would stop training or make the loss NaN, if an image has no foreground, or if
        there is a finding of severity "error".

    Examples
    --------
    >>> import numpy as np
    >>> loader = [([np.zeros((3, 480, 640))], [{"boxes": [[10, 10, 12, 300]], "labels": [1]}])]
    >>> check(loader, "torchvision-retinanet_resnet50_fpn").audit.summary()["verdicts"]["forced_only"]
    1
    """
    from anchoraudit.training.models import detector_of
    from anchoraudit.training.passing import Reader, pass_over

    detector = detector_of(model)
    reader = Reader(targets)
    recorder = pass_over(loader, reader, batches)
    checked = judged(recorder, reader, detector, rules=rules, classes=classes)
    if strict:
        checked.require()
    return checked


def judged(
    recorder: Recorder,
    reader: Reader,
    detector: Detector,
    *,
    rules: Chosen | None = None,
    classes: Classes | None = None,
) -> Checked:
    """Audit the batches that were recorded, under a detector as it stands in its preset or model."""
    from anchoraudit.training.as_fed import as_fed

    fed_to = as_fed(detector, resized=reader.resized)
    checked = judged_by(recorder, reader.recognised, fed_to, rules=rules, classes=classes)
    checked.seconds_reading = reader.seconds
    return checked


def judged_by(
    recorder: Recorder,
    form: str,
    detector: Detector,
    *,
    rules: Chosen | None = None,
    classes: Classes | None = None,
) -> Checked:
    """Audit batches, under a detector as `as_fed` returns it. form: what they looked like, in one line."""
    from anchoraudit.auditing.audit import audit
    from anchoraudit.training.outcomes import outcomes_of

    dataset = recorder.dataset(form, detector.labels)
    result = audit(dataset, detector, rules=rules, classes=classes, images="none")
    assert dataset.images.batch is not None  # every recorder sets it
    return Checked(result, form, outcomes_of(result, dataset.images.batch, recorder.by_form(detector.labels)))


def _batches(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"{'batch' if len(numbers) == 1 else 'batches'} {listed}{more}"


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
