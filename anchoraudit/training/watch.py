"""`watch`: several passes over a loader without the network, under the user's own augmentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.detectors.classes import Classes
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.shown import Shown
from anchoraudit.report.words import count
from anchoraudit.rules import Chosen
from anchoraudit.training.check import Checked, judged
from anchoraudit.training.models import detector_of
from anchoraudit.training.passing import Reader, pass_over
from anchoraudit.training.targets import Targets

if TYPE_CHECKING:
    import pandas as pd

_EPOCHS = 3  # of which a `repr` shows the first problem
_LATER_RULES = Chosen(select=("BAT",))


@dataclass(slots=True, repr=False)
class Watched(Shown):
    """What several epochs of random transforms do to the images of a loader.

    Attributes
    ----------
    epochs : list of Checked
        One for each pass. All rules ran on the first, those about the form of batches on the others.
    names : list of str
        The U images that occurred, each once. Images without a name in the targets are not among them.
    seen, empty : ndarray of int64, shape (U,)
        How often each was fed, and how often without foreground.

    Examples
    --------
    >>> import numpy as np
    >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
    >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16", epochs=2)
    >>> watched.names, watched.p_empty.tolist()
    (['a.jpg'], [0.0])
    """

    epochs: list[Checked]
    names: list[str]
    seen: Int
    empty: Int

    def _shown(self) -> tuple[str, list[str]]:
        found = self.summary()
        images, boxes = count(round(found["images"]), "image"), count(round(found["boxes"]), "box")
        title = (
            f"Watched {count(found['epochs'], 'epoch')} for {self.epochs[0].audit.detector.name}: "
            f"{images} and {boxes} in each"
        )
        lines = [f"Images without foreground: {found['expected_empty']:,.1f} an epoch on average."]
        if not self.names:
            lines.append("No target has a name, so that images cannot be followed through the epochs.")
        elif often := found["sometimes_empty"]:
            worst = [f"{name} {share}" for name, _, _, share in self._worst()[:3]]
            lines.append(f"At least once without: {often:,} of {count(len(self.names), 'image')}.")
            lines.append(f"Most often: {', '.join(worst)}")
        said = [(number, one.problems[0]) for number, one in enumerate(self.epochs) if one.problems]
        lines += [f"Epoch {number}: {problem}" for number, problem in said[:_EPOCHS]]
        if said:
            lines.append("More: .images_frame(), and .epochs[0] with what `check` says")
        return title, lines

    def _table(self) -> tuple[list[str], list[list[str]]]:
        heads = ["image", "fed", "without foreground", "share"]
        return heads, [[name, str(seen), str(empty), share] for name, seen, empty, share in self._worst()]

    def _worst(self) -> list[tuple[str, int, int, str]]:
        """Return name, passes, and number and share of those without foreground, where there are any."""
        order = np.argsort(-self.p_empty, kind="stable").tolist()
        rows = zip(self.names, self.seen.tolist(), self.empty.tolist(), self.p_empty.tolist(), strict=True)
        found = [(name, seen, empty, f"{share:.0%}") for name, seen, empty, share in rows]
        return [found[row] for row in order if found[row][2]]

    @property
    def p_empty(self) -> Float:
        """The share of its passes in which each image had no foreground: float64 [U].

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16")
        >>> watched.p_empty.tolist()
        [0.0]
        """
        share: Float = self.empty / np.maximum(self.seen, 1)
        return share

    @property
    def expected_empty(self) -> float:
        """The mean number of images without foreground in an epoch, images without a name included.

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16")
        >>> watched.expected_empty
        0.0
        """
        return float(np.mean([one.summary()["without_foreground"] for one in self.epochs]))

    def summary(self) -> dict[str, Any]:
        """Return means over the epochs.

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16")
        >>> watched.summary()["images"]
        1.0
        """
        each = [one.summary() for one in self.epochs]
        return {
            "epochs": len(each),
            "images": float(np.mean([one["images"] for one in each])),
            "boxes": float(np.mean([one["boxes"] for one in each])),
            "expected_empty": self.expected_empty,
            "sometimes_empty": int(np.count_nonzero(self.empty)),
            "always_empty": int(np.count_nonzero((self.empty == self.seen) & (self.seen > 0))),
            "outcomes": {
                name: float(np.mean([one["outcomes"][name] for one in each])) for name in each[0]["outcomes"]
            },
        }

    @property
    def passed(self) -> bool:
        """Tell whether every epoch passed, as `Checked.passed`.

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16")
        >>> watched.passed
        True
        """
        return all(one.passed for one in self.epochs)

    def images_frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each image: file_name, seen, empty, p_empty; worst first.

        Examples
        --------
        >>> import numpy as np
        >>> target = {"boxes": [[9, 9, 99, 99]], "labels": [1], "file_name": "a.jpg"}
        >>> watched = watch([([np.zeros((3, 480, 640))], [target])], "torchvision-ssd300_vgg16")
        >>> watched.images_frame().values.tolist()
        [['a.jpg', 3, 0, 0.0]]
        """
        import pandas as pd

        table = pd.DataFrame(
            {"file_name": self.names, "seen": self.seen, "empty": self.empty, "p_empty": self.p_empty}
        )
        return table.sort_values("p_empty", ascending=False, kind="stable", ignore_index=True)


def watch(
    loader: Iterable[Any],
    model: Any,
    epochs: int = 3,
    *,
    targets: Targets = None,
    batches: int | None = None,
    rules: Chosen | None = None,
    classes: Classes | None = None,
) -> Watched:
    """Pass several times over a loader without the network, and say how often each image ends up empty.

    The loader shuffles, augments and batches as it does in training; a sampler that has `set_epoch` is told
    the epoch. Images are recognised by the name that their targets have (`image_id`, `file_name`, `im_file`).

    Parameters
    ----------
    loader, model, targets, batches, rules, classes
        As for `check`; `batches` is for each epoch.
    epochs : int
        How many passes.

    Returns
    -------
    Watched
        The share of empty passes of each image, and each epoch's verdicts.

    Raises
    ------
    AnchorauditError
        As `check` does; if `epochs` is below 1; or if the loader cannot be passed over twice.

    Examples
    --------
    >>> import numpy as np
    >>> target = {"boxes": [[100, 100, 300, 300]], "labels": [1], "image_id": 7}
    >>> loader = [([np.zeros((3, 480, 640))], [target])]
    >>> watch(loader, "torchvision-retinanet_resnet50_fpn", epochs=2).expected_empty
    0.0
    """
    if not isinstance(epochs, int) or epochs < 1:
        raise AnchorauditError(f"epochs is {epochs!r}", remedy="Give the number of passes, at least 1.")
    if epochs > 1 and iter(loader) is loader:
        raise AnchorauditError(
            f"a {type(loader).__name__} can be passed over only once",
            remedy="Give the loader itself, not an iterator or a generator over it.",
        )
    detector = detector_of(model)
    reader = Reader(targets)
    found: list[Checked] = []
    seen: dict[str, list[int]] = {}
    for epoch in range(epochs):
        _set_epoch(loader, epoch)
        recorder = pass_over(loader, reader, batches, epoch)
        checked = judged(recorder, reader, detector, rules=_LATER_RULES if epoch else rules, classes=classes)
        empty = checked.audit.verdict_is(*WITHOUT_FOREGROUND).tolist()
        for name, is_empty in zip(recorder.names(), empty, strict=True):
            if name is not None:
                counts = seen.setdefault(str(name), [0, 0])
                counts[0] += 1
                counts[1] += is_empty
        found.append(checked)
    counted = np.array(list(seen.values()), dtype=np.int64).reshape(-1, 2)
    return Watched(found, list(seen), counted[:, 0], counted[:, 1])


def _set_epoch(loader: Any, epoch: int) -> None:
    """Tell samplers the epoch, as training loops do; else a DistributedSampler repeats its order."""
    for owner in (loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)):
        set_epoch = getattr(owner, "set_epoch", None)
        if callable(set_epoch):
            set_epoch(epoch)
