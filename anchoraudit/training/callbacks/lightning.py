"""PyTorch Lightning: `Trainer(callbacks=[AnchorauditCallback()])`, of `lightning` and of `pytorch_lightning`.

Source: lightning 2.6.6, pytorch_lightning 2.6.6: callbacks/callback.py, loops/fit_loop.py,
loops/training_epoch_loop.py (which batches `on_train_batch_start` sees), plugins/precision/precision.py (when
`on_before_backward` and `on_before_optimizer_step` come, and that a scaler passes over infinite gradients).
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from anchoraudit.training.callbacks._watcher import Watcher

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


class Hooks(Watcher):
    """What Lightning calls. `AnchorauditCallback` is this, as a subclass of Lightning's own `Callback`.

    A batch is judged as `training_step` gets it: after its transfer to the device and the hooks of that.
    Batches of the sanity check, of validation and of tests are not judged. A loss is looked at before its
    backward pass; gradients before the optimiser's step, unless mixed precision passes over infinite ones.
    The shares of an epoch are logged with `log_dict`, as means over all processes.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Read the model."""
        self._begin(pl_module, trainer.log_dir or trainer.default_root_dir)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Judge a batch."""
        self._batch(batch)

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
        """Look at a loss."""
        self._loss(loss)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Look at the gradients."""
        if getattr(trainer.precision_plugin, "scaler", None) is None:
            self._gradients(pl_module, optimizer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Log the shares of the epoch."""
        if scalars := self._end_epoch():
            pl_module.log_dict(scalars, on_step=False, on_epoch=True, sync_dist=True, batch_size=1)


if TYPE_CHECKING:
    AnchorauditCallback = Hooks


def __getattr__(name: str) -> Any:
    if name != "AnchorauditCallback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = tuple(package for package in _PACKAGES if package in sys.modules)
    return _class(loaded or (_installed(),))


@cache
def _class(packages: tuple[str, ...]) -> type[Hooks]:
    """Return a class that is a callback of each of these packages, which may be loaded both."""
    bases = tuple(sys.modules[package].Callback for package in packages)
    return type("AnchorauditCallback", (Hooks, *bases), {"__module__": __name__, "__doc__": Hooks.__doc__})


def _installed() -> str:
    from anchoraudit.training.callbacks._packages import import_first

    return import_first(_PACKAGES).__name__
