"""Ultralytics: `AnchorauditCallback().add_to(model)`, then `model.train(...)`.

Source: ultralytics 8.4.190, engine/trainer.py. No callback of it sees a batch: it is a local variable of
`_do_train`, and passes through `preprocess_batch`; and none comes between the loss and `optimizer_step`. Both
are methods of the trainer, which this callback wraps on the trainer itself while it trains. Hooks on its
model would be copied into the moving average of the model and pickled into every checkpoint. What is in
`trainer.lr` when an epoch of training ends is written to results.csv and logged by all integrations.
"""

from __future__ import annotations

import logging
from typing import Any

from anchoraudit.training.callbacks._watcher import Watcher

_LOG = logging.getLogger("anchoraudit")
_EVENTS = ("on_train_start", "on_train_batch_end", "on_train_epoch_end", "teardown")
_WRAPPED = ("preprocess_batch", "optimizer_step")


class AnchorauditCallback(Watcher):
    """Callbacks for `YOLO(...)`, `RTDETR(...)` or a trainer: `add_to` adds them.

    A batch is judged as the network gets it: after mosaic and all other augmentation, and after the resize of
    `multi_scale`. Batches of validation are not judged. A loss is looked at before the optimiser's step. The
    shares of an epoch are in results.csv, and in TensorBoard, W&B, MLflow and what else is integrated, beside
    the learning rates.
    """

    def __init__(self, detector: Any = None, **others: Any) -> None:
        super().__init__(detector, **others)
        self._looked_at: Any = None  # the loss that was looked at last
        self._logs = True

    def add_to(self, model: Any) -> AnchorauditCallback:
        """Add the callbacks to a model or a trainer, which has `add_callback`; return self."""
        for event in _EVENTS:
            model.add_callback(event, getattr(self, event))
        return self

    def on_train_start(self, trainer: Any) -> None:
        """Read the model, and wrap the methods that batches and steps pass through."""
        self._begin(trainer.model, trainer.save_dir)
        self._looked_at, self._logs = None, True
        preprocess, step = trainer.preprocess_batch, trainer.optimizer_step

        def preprocess_batch(batch: Any) -> Any:
            batch = preprocess(batch)
            self._batch(batch)
            return batch

        def optimizer_step() -> Any:
            self._look_at(trainer)
            return step()

        trainer.preprocess_batch, trainer.optimizer_step = preprocess_batch, optimizer_step

    def on_train_batch_end(self, trainer: Any) -> None:
        """Look at a loss that no step of the optimiser followed yet, as when gradients are accumulated."""
        self._look_at(trainer)

    def on_train_epoch_end(self, trainer: Any) -> None:
        """Log the shares of the epoch."""
        if (scalars := self._end_epoch()) and self._fits(trainer, scalars):
            trainer.lr.update(scalars)

    def teardown(self, trainer: Any) -> None:
        """Let the trainer's methods be its class' again, whatever ended the training."""
        for name in _WRAPPED:
            trainer.__dict__.pop(name, None)

    def _look_at(self, trainer: Any) -> None:
        if trainer.loss is not self._looked_at:
            self._looked_at = trainer.loss
            self._loss(trainer.loss)

    def _fits(self, trainer: Any, scalars: dict[str, float]) -> bool:
        """Tell whether the columns are in results.csv, which a resumed run goes on with, or can be."""
        if self._logs and trainer.csv.exists():
            columns = trainer.csv.open(encoding="utf-8").readline().strip().split(",")
            self._logs = columns == [""] or set(scalars) <= {column.strip() for column in columns}
            if not self._logs:
                _LOG.warning(
                    "%s is of a run without anchoraudit: its shares are not logged in the run that goes on",
                    trainer.csv,
                )
        return self._logs
