"""MMEngine (MMDetection, MMYOLO): `Runner(custom_hooks=[AnchorauditHook()])`.

In a config: `custom_hooks = [dict(type="anchoraudit.training.callbacks.mmengine.AnchorauditHook")]`.

Source: mmengine 0.10.7, hooks/hook.py, runner/loops.py (what hooks see), model/base_model/base_model.py
(`train_step` has stepped the optimiser when `after_train_iter` comes, so that a loss is looked at as the
model returns it; how `parse_losses` adds losses), visualization/visualizer.py (`add_scalars`, of the first
process).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from anchoraudit.training.callbacks._packages import subclass_when_asked
from anchoraudit.training.callbacks._watcher import Watcher
from anchoraudit.training.forward import ForwardHooks


class Hooks(Watcher):
    """What MMEngine calls. `AnchorauditHook` is this, as a subclass of MMEngine's own `Hook`.

    A batch is judged as it leaves the loader, before `data_preprocessor`. Batches of validation and of tests
    are not judged. A loss is looked at before its backward pass. The shares of an epoch are scalars of the
    message hub, `train/anchoraudit/...`, and of the visualizer, from where its backends take them.

    period: iterations that count as an epoch, for loops by iteration. 0: an epoch is the loop's own, which
    for a loop by iteration is the whole run.
    """

    def __init__(self, detector: Any = None, *, period: int = 0, **others: Any) -> None:
        super().__init__(detector, **others)
        self.period = period
        self._in_iteration = False  # hooks stay at the model after an error: they hear nothing outside
        self._seen_loss = False

    def before_train(self, runner: Any) -> None:
        """Read the model, and hear its losses."""
        self._begin(runner.model, runner.log_dir)
        self._hooks = ForwardHooks(runner.model, after=self._output)

    def after_train(self, runner: Any) -> None:
        """End the run."""
        self._end()

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Judge a batch."""
        self._in_iteration, self._seen_loss = True, False
        self._batch(data_batch)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Look at a loss that the model's call did not return, as where a model has its own `train_step`."""
        if not self._seen_loss:
            self._loss(outputs)
        self._in_iteration = False
        if self.period and (runner.iter + 1) % self.period == 0:
            self._log(runner, runner.iter + 1)

    def after_train_epoch(self, runner: Any) -> None:
        """Log the shares of the epoch."""
        self._log(runner, runner.iter)

    def _output(self, output: Any) -> None:
        if self._in_iteration and isinstance(output, Mapping) and (found := _losses(output)):
            self._seen_loss = True
            self._loss(found)

    def _log(self, runner: Any, step: int) -> None:
        if scalars := self._end_epoch():
            for name, value in scalars.items():
                runner.message_hub.update_scalar(f"train/{name}", value)
            runner.visualizer.add_scalars(scalars, step=step)


if TYPE_CHECKING:
    AnchorauditHook = Hooks


__getattr__ = subclass_when_asked(__name__, "AnchorauditHook", Hooks, ("mmengine.hooks", "Hook"))


def _losses(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return each loss as one number, as `parse_losses` does: of a tensor its mean, of a list their sum."""
    found = {}
    for name, value in output.items():
        parts = value if isinstance(value, list | tuple) else [value]
        if parts and all(hasattr(one, "detach") for one in parts):
            found[str(name)] = sum(one.detach().float().mean() for one in parts)
    return found
