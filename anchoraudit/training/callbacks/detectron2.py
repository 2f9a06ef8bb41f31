"""detectron2: `trainer.register_hooks([AnchorauditHook()])`.

Source: detectron2 02b5c4e (main of June 2026), engine/train_loop.py. A hook sees no batch: `run_step` takes
it from the loader and calls the model with it, so it is seen in the model's call. Losses are what the call
returns. detectron2 raises FloatingPointError at a loss that is not finite, but only at each
`gather_metric_period`-th step. There are no epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anchoraudit.training.callbacks._packages import subclass_when_asked
from anchoraudit.training.callbacks._watcher import Watcher
from anchoraudit.training.forward import ForwardHooks


class Hooks(Watcher):
    """What detectron2 calls. `AnchorauditHook` is this, as a subclass of detectron2's own `HookBase`.

    A batch is judged as the model is called with it. Batches of evaluation, and those with which PreciseBN
    calls the model, are not judged. A loss is looked at before its backward pass. The shares of each `period`
    steps are scalars of the event storage, from where its writers take them.

    period: steps between two logs of the shares; each log is about the steps since the one before.
    """

    def __init__(self, detector: Any = None, *, period: int = 1000, **others: Any) -> None:
        super().__init__(detector, **others)
        self.period = max(period, 1)
        self.trainer: Any = None  # detectron2 sets it

    def before_train(self) -> None:
        """Read the model, and hear its calls."""
        folder = getattr(getattr(self.trainer, "cfg", None), "OUTPUT_DIR", None)
        self._begin(self.trainer.model, folder)
        self._hooks = ForwardHooks(
            self.trainer.model, before=lambda args, kwargs: self._batch(args[0]), after=self._loss
        )

    def after_step(self) -> None:
        """Log the shares of the period."""
        if (self.trainer.iter + 1) % self.period == 0:
            self._log()

    def after_train(self) -> None:
        """Log the rest, and end the run; detectron2 calls this after an error too."""
        self._end()
        self._log()

    def _log(self) -> None:
        for name, value in self._so_far().items():
            self.trainer.storage.put_scalar(name, value, smoothing_hint=False)


if TYPE_CHECKING:
    AnchorauditHook = Hooks


__getattr__ = subclass_when_asked(
    __name__, "AnchorauditHook", Hooks, ("detectron2.engine.train_loop", "HookBase")
)
