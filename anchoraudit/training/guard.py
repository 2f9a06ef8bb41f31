"""`guard`: a training loop in plain PyTorch, watched without a change to its body."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.forward import ForwardHooks
from anchoraudit.training.gradients import not_finite_gradients
from anchoraudit.training.losses import has_loss

if TYPE_CHECKING:
    from anchoraudit.detectors.classes import Classes
    from anchoraudit.training.targets import Targets

_LOG = logging.getLogger("anchoraudit")


class guard:  # noqa: N801  a context manager that reads as a verb
    """Watch a training loop: each batch before the network sees it, each loss, each step of the optimiser.

    In the `with` block, the model and the loader have hooks, which are removed at its end, and which copies
    of either do not have. A batch is judged as it reaches the model; where the model's call has no targets,
    as it leaves the loader. A loss is looked at where the model's call in training mode returns one;
    elsewhere give it to `loss`. An optimiser whose gradients are not finite is stopped before it changes a
    weight.

    Parameters
    ----------
    model : torch.nn.Module
        The model that is trained, as `Detector.from_model` reads it. For a model that it cannot read, name
        the `detector`.
    loader : DataLoader, optional
        The loader that the loop iterates over.
    detector : Detector, str or Path, optional
        What the model's targets are made by, if the model itself does not say it.
    targets, classes
        As for `check`.
    stop : bool
        Raise AnchorauditError before the first batch that would stop the framework or make the loss NaN, and
        at the first loss that is not finite. False: log a warning, and go on.
    folder : str or Path
        Where `blame.json` and `blame.html` are written then.

    Raises
    ------
    AnchorauditError
        If the model cannot be read; in the block as `stop` says.

    Examples
    --------
    >>> import numpy as np
    >>> loop = [([np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}])]
    >>> with guard(None, loop, detector="torchvision-ssd300_vgg16") as watched:
    ...     for batch in watched.batches(loop):
    ...         watched.loss(0.5)
    >>> watched.end_epoch()["anchoraudit/images_without_foreground"]
    0.0
    """

    def __init__(
        self,
        model: Any,
        loader: Any = None,
        *,
        detector: Any = None,
        targets: Targets = None,
        stop: bool = True,
        folder: str | Path = ".",
        classes: Classes | None = None,
    ) -> None:
        from anchoraudit.training.monitor import Monitor

        if model is None and detector is None:
            raise AnchorauditError(
                "a guard without a model needs to know the detector",
                remedy="Name the detector that makes the targets: `guard(None, loader, detector=...)`.",
            )
        self.monitor = Monitor(
            model if detector is None else detector,
            targets=targets,
            stop=stop,
            folder=Path(folder),
            classes=classes,
        )
        self._model, self._loader = model, loader
        self._undo: list[Callable[[], object]] = []
        self._hears_model = False  # the model has hooks
        self._pending: list[Any] = []  # the batch that left the loader and was not judged yet
        self._seen_loss = False  # of the batch that was judged last
        self._warned = False

    def __enter__(self) -> guard:
        self._hears_model = hasattr(self._model, "register_forward_pre_hook")
        if self._hears_model:
            self._undo.append(ForwardHooks(self._model, before=self._before, after=self._after).remove)
        if self._loader is not None:
            self._hook_loader(self._loader)
        optim = sys.modules.get("torch.optim.optimizer")
        if self._hears_model and (add := getattr(optim, "register_optimizer_step_pre_hook", None)):
            self._undo.append(add(self._before_step).remove)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._undo:
            self._undo.pop()()
        if error is None and self.monitor.step is None:
            self._warn_of_no_batch()

    def batches(self, loader: Any) -> Iterator[Any]:
        """Yield the batches of a loader, each judged as it leaves.

        For a loader that is no object of a class of its own, such as a generator, and for loops in which the
        model gets no targets and `guard` was given no loader.

        Examples
        --------
        >>> import numpy as np
        >>> loop = [([np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}])]
        >>> with guard(None, loop, detector="torchvision-ssd300_vgg16") as watched:
        ...     for batch in watched.batches(loop):
        ...         watched.loss(0.5)
        >>> watched.monitor.epoch.images
        1
        """
        for batch in loader:
            self._judge_pending()
            self._pending = [batch]
            if not self._hears_model:
                self._judge_pending()
            try:
                yield batch
            except GeneratorExit:  # the loop was left, and the network has not seen this batch
                self._pending.clear()
                raise
        self._judge_pending()

    def loss(self, value: Any) -> None:
        """Look at a loss that the loop itself computes: a number, a tensor, or a dict of them.

        Raises AnchorauditError with `stop`, if it is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> loop = [([np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}])]
        >>> with guard(None, loop, detector="torchvision-ssd300_vgg16") as watched:
        ...     for batch in watched.batches(loop):
        ...         watched.loss(0.5)
        >>> watched.monitor.epoch.not_finite
        0
        """
        self._judge_pending()
        self._seen_loss = True
        self.monitor.loss(value)

    def end_epoch(self) -> dict[str, float]:
        """End the epoch, and return shares for a logger: of images without foreground, and others.

        Examples
        --------
        >>> import numpy as np
        >>> loop = [([np.zeros((3, 480, 640))], [{"boxes": [[9, 9, 99, 99]], "labels": [1]}])]
        >>> with guard(None, loop, detector="torchvision-ssd300_vgg16") as watched:
        ...     for batch in watched.batches(loop):
        ...         watched.loss(0.5)
        >>> watched.end_epoch()["anchoraudit/batches_not_finite"]
        0.0
        """
        self._judge_pending()
        return self.monitor.end_epoch()

    def _judge_pending(self) -> None:
        if self._pending:
            self._seen_loss = False
            self.monitor.batch(self._pending.pop())

    def _before(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for candidate in _candidates(args, kwargs):
            if self.monitor.recognises(candidate):
                self._pending.clear()
                self._seen_loss = False
                self.monitor.batch(candidate)
                return
        self._judge_pending()
        if self.monitor.step is None:
            self._warn_of_no_batch()

    def _after(self, output: Any) -> None:
        if self.monitor.step is not None and has_loss(output):
            self._seen_loss = True
            self.monitor.loss(output)

    def _before_step(self, optimiser: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Look at the gradients, unless a finite loss of this batch was seen: they follow from it."""
        self._judge_pending()
        if self._seen_loss or self.monitor.step is None:
            return
        wrong = not_finite_gradients(optimiser, self._model)
        if wrong:
            self.monitor.gradients(wrong)

    def _warn_of_no_batch(self) -> None:
        """Say, once, that no batch was seen: a guard that judges nothing must not look like one that does."""
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "the guard has seen no batch yet: neither the model's call nor the loader that it was given "
                "hands one over. Iterate over `watched.batches(loader)`, of `with guard(...) as watched`."
            )

    def _hook_loader(self, loader: Any) -> None:
        """Let the loader's own iteration pass through `batches`, by a subclass made for this object."""
        own = type(loader)
        if not hasattr(own, "__iter__"):
            return  # a list, a generator: `batches` is for these
        watched = self

        def iterate(self: Any) -> Iterator[Any]:
            return watched.batches(_Plain(own, self))

        def reduce(self: Any, protocol: int) -> Any:
            """Make copies, in memory or in a file, loaders of the class as it was."""
            maker: Any = super(type(self), self)
            _, (_, *given), *state = maker.__reduce_ex__(max(protocol, 2))
            return object.__new__, (own, *given), *state  # pickle itself allows its own maker no other class

        methods: dict[str, Any] = {"__iter__": iterate, "__reduce_ex__": reduce, "__module__": own.__module__}
        if not hasattr(loader, "__dict__"):
            methods["__slots__"] = ()  # else the new class would have another layout
        # Not `loader.__class__ = ...`: loaders of accelerate have a property of that name.
        become = vars(object)["__class__"].__set__
        try:
            become(loader, type(own.__name__, (own,), methods))
        except TypeError:
            return
        self._undo.append(lambda: become(loader, own))


class _Plain:
    """A loader, iterated over as its own class does."""

    def __init__(self, own: type, loader: Any) -> None:
        self._own, self._loader = own, loader

    def __iter__(self) -> Iterator[Any]:
        iterator: Iterator[Any] = self._own.__iter__(self._loader)  # type: ignore[attr-defined]
        return iterator


def _candidates(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    """Return what of a model's call may be its batch: all arguments, the first, the named ones."""
    if args:
        yield args if len(args) > 1 else args[0]
    if args and len(args) > 1:
        yield args[0]
    if kwargs:
        yield kwargs
        named = list(kwargs.values())
        yield (*args, *named)
