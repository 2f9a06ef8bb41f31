"""What all callbacks share: a monitor that begins with the training, and never stops it unasked."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anchoraudit.detectors.classes import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.training.forward import ForwardHooks
from anchoraudit.training.gradients import not_finite_gradients
from anchoraudit.training.monitor import Epoch, Monitor
from anchoraudit.training.targets import Targets

_LOG = logging.getLogger("anchoraudit")


class Watcher:
    """Judge each batch of a training run before the network sees it, and each loss before a weight changes.

    Parameters
    ----------
    detector : model, Detector, str or Path, optional
        What the targets of the model are made by, if the model that is trained does not say it: as `model`
        of `check`.
    targets, classes
        As for `check`.
    stop : bool
        Raise AnchorauditError before the first batch that would stop the framework or make the loss NaN, and
        at the first loss that is not finite. False: log a warning, once for each kind, and go on.
    folder : str or Path, optional
        Where `blame.json` and `blame.html` are written then. By default where the framework keeps what it
        writes of this run. Of several processes, the first writes there, the others into folders `rank1`,
        `rank2` and so on below it.

    Raises
    ------
    AnchorauditError
        When training begins, if the model cannot be read; at its first batch, if the form of the batches is
        unknown; later as `stop` says.
    """

    def __init__(
        self,
        detector: Any = None,
        *,
        targets: Targets = None,
        stop: bool = False,
        folder: str | Path | None = None,
        classes: Classes | None = None,
    ) -> None:
        self.detector, self.targets, self.stop, self.classes = detector, targets, stop, classes
        self.folder = None if folder is None else Path(folder)
        self.monitor: Monitor | None = None
        self._hooks: ForwardHooks | None = None
        self._troubled = False  # a warning was given of a batch that cannot be judged

    def __getstate__(self) -> dict[str, Any]:
        """Leave out monitor and hooks: each process of a distributed run makes its own when it begins."""
        return {**self.__dict__, "monitor": None, "_hooks": None}

    def _begin(self, model: Any, folder: str | Path | None) -> None:
        """Begin a run. model: what is trained. folder: where its framework writes."""
        self._end()  # of a run before, which an error may have ended
        place = self.folder or Path(folder or ".")
        number = rank()
        self._troubled = False
        self.monitor = Monitor(
            model if self.detector is None else self.detector,
            targets=self.targets,
            stop=self.stop,
            folder=place / f"rank{number}" if number else place,
            classes=self.classes,
        )

    def _batch(self, batch: Any) -> None:
        monitor = self.monitor
        if monitor is not None:
            first = monitor.step is None and not self._troubled
            monitor.step = None  # what follows is not said of the batch before, if this one cannot be read
            self._unless_unasked(lambda: monitor.batch(batch), must=first)

    def _loss(self, value: Any) -> None:
        monitor = self.monitor
        if monitor is not None:
            self._unless_unasked(lambda: monitor.loss(value))

    def _gradients(self, model: Any, optimiser: Any) -> None:
        """Look at the gradients before a step of the optimiser."""
        monitor = self.monitor
        if monitor is not None and (names := not_finite_gradients(optimiser, model)):
            self._unless_unasked(lambda: monitor.gradients(names))

    def _unless_unasked(self, work: Callable[[], object], *, must: bool = False) -> None:
        """Do work; with `stop=False`, warn of an error once and go on.

        must: raise if the very first batch cannot be read, because then no batch of the run would be judged.
        """
        try:
            work()
        except AnchorauditError as error:
            assert self.monitor is not None
            if self.stop or (must and self.monitor.step is None):
                self._end()
                raise
            if not self._troubled:
                self._troubled = True
                _LOG.warning("a batch was not judged: %s", error)

    def _end(self) -> None:
        """Let go of what is watched: at the end of a run, and before an error that stops it."""
        if self._hooks is not None:
            self._hooks.remove()

    def _end_epoch(self) -> dict[str, float]:
        """End an epoch, and return what is logged of it; {} if no batch was judged in it."""
        if self.monitor is None or not self.monitor.epoch.batches:
            return {}
        return self.monitor.end_epoch()

    def _so_far(self) -> dict[str, float]:
        """Return what is logged of the batches since the last call, in a run without epochs."""
        if self.monitor is None or not self.monitor.epoch.batches:
            return {}
        scalars = self.monitor.epoch.scalars()
        self.monitor.epochs[-1] = Epoch()
        return scalars


def rank() -> int:
    """Return the number of this process among those of a distributed run, 0 without one."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0
    return int(distributed.get_rank())
