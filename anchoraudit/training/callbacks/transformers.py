"""Hugging Face: `AnchorauditCallback().add_to(trainer)`, or `Trainer(callbacks=[AnchorauditCallback()])`.

Source: transformers 5.24.0, trainer.py, trainer_callback.py. No callback sees a batch or the trainer: batches
are seen in the model's call. `Trainer.log` appends to `log_history` before callbacks hear of it, so numbers
of a callback reach TensorBoard and the others only through the trainer itself, which `add_to` remembers. With
`logging_nan_inf_filter`, which is on by default, the trainer's own logs hide losses that are NaN.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from anchoraudit.training.callbacks._packages import subclass_when_asked
from anchoraudit.training.callbacks._watcher import Watcher
from anchoraudit.training.forward import ForwardHooks


class Hooks(Watcher):
    """What `Trainer` calls. `AnchorauditCallback` is this, as a subclass of `TrainerCallback`.

    A batch is judged as the model is called with it: a dict of the keyword arguments. Batches of evaluation
    are not judged. A loss is looked at before its backward pass, and gradients before the optimiser's step.
    The shares of an epoch are logged with `trainer.log` where the callback was added with `add_to`. Otherwise
    they are in `trainer.state.log_history` only, which checkpoints keep.
    """

    def __init__(self, detector: Any = None, **others: Any) -> None:
        super().__init__(detector, **others)
        self._trainer: Any = None
        # Hooks stay at the model after an error: they hear one call after each of the trainer's own steps.
        self._hears_call = self._hears_loss = False

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the trainer too."""
        return {**super().__getstate__(), "_trainer": None}

    def add_to(self, trainer: Any) -> Hooks:
        """Add the callback to a trainer, and log through it; return self."""
        trainer.add_callback(self)
        self._trainer = weakref.ref(trainer)
        return self

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:
        """Read the model, and hear its calls."""
        self._begin(model, args.output_dir)
        self._hooks = ForwardHooks(model, before=self._call, after=self._output)

    def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Expect a call of the model."""
        self._hears_call = True

    def on_substep_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Expect another one before the optimiser's step: gradients are accumulated."""
        self._hears_call = True

    def on_pre_optimizer_step(
        self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **others: Any
    ) -> None:
        """Look at the gradients, unless a scaler of float16 passes over infinite ones."""
        if not args.fp16:
            self._gradients(model, optimizer)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Log the shares of the epoch."""
        if not (scalars := self._end_epoch()):
            return
        trainer = None if self._trainer is None else self._trainer()
        if trainer is None:
            state.log_history.append({**scalars, "epoch": state.epoch, "step": state.global_step})
            return
        wanted = (
            control.should_log
        )  # `log` clears it, and the trainer has not logged the loss of this epoch yet
        trainer.log(dict(scalars))
        control.should_log = wanted

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """End the run."""
        self._end()

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._hears_call:
            self._hears_call, self._hears_loss = False, True
            self._batch(kwargs if kwargs else args[0])

    def _output(self, output: Any) -> None:
        if self._hears_loss:
            self._hears_loss = False
            self._loss(output)


if TYPE_CHECKING:
    AnchorauditCallback = Hooks


__getattr__ = subclass_when_asked(__name__, "AnchorauditCallback", Hooks, ("transformers", "TrainerCallback"))
