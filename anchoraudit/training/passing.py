"""One pass over a loader without the network: the batches that a run would be fed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.fed import Fed
from anchoraudit.training.recorder import Recorder
from anchoraudit.training.targets import (
    NO,
    POSSIBLE,
    Form,
    Targets,
    form_of,
    forms_of,
    how_sure,
    named,
)
from anchoraudit.training.targets.torchvision import read_dicts


@dataclass(slots=True)
class Reader:
    """Reads batches of one form, which is recognised at the first batch with a box, unless it is named.

    targets: as in `Targets`. seconds: how long all reading took.
    """

    targets: Targets = None
    form: Form | None = None
    seconds: float = 0.0
    _own: Callable[[Any], Any] | None = field(default=None, init=False)
    _undecided: Form | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if callable(self.targets):
            self._own = self.targets
        elif self.targets is not None:
            self.form = named(self.targets)

    @property
    def recognised(self) -> str:
        """The form in one line; "" before the first batch."""
        if self._own is not None:
            return "batches, read by your own function"
        form = self.form or self._undecided
        return "" if form is None else f"batches of {form.NAME}: {form.TITLE}"

    @property
    def resized(self) -> bool:
        """Tell whether images have the size of the network's input already."""
        form = self.form or self._undecided
        return form is not None and form.RESIZED

    def recognises(self, value: Any) -> bool:
        """Tell whether this is a batch of the form that is named or that the first one had, else of any."""
        if self._own is not None:
            return False  # nobody knows what the user's function takes
        if self.form is not None:
            return how_sure(self.form, value) != NO
        try:
            forms_of(value)
        except AnchorauditError:
            return False
        return True

    def read(self, batch: Any, number: int) -> Fed:
        """Return the images and boxes of a batch.

        Raises AnchorauditError if its form is unknown, or if it cannot be read in the form that it has.
        """
        start = time.perf_counter()
        try:
            if self._own is not None:
                fed = read_dicts(*map(list, self._own(batch)))
                # The model is fed something else: what is wrong here may not stop it.
                problems = [replace(one, stops=False) for one in fed.problems if not one.box_type]
                return replace(fed, problems=problems)
            return self.form.read(batch) if self.form is not None else self._recognised(batch)
        except AnchorauditError:
            raise
        except Exception as error:
            kind = "your function `targets`" if self._own is not None else f"the form {self.form_name!r}"
            raise AnchorauditError(
                f"batch {number} cannot be read by {kind}: {type(error).__name__}: {error}",
                remedy="Check what the loader hands over in this batch, or name another form as `targets`.",
            ) from error
        finally:
            self.seconds += time.perf_counter() - start

    def _recognised(self, batch: Any) -> Fed:
        """Recognise the form and read the batch.

        A batch without a box may have several forms. It is the same in all, so that the next batch decides.
        """
        level, found = forms_of(batch)
        if len(found) > 1 or level <= POSSIBLE:
            fed = found[0].read(batch)
            if not len(fed.boxes) and not fed.problems:
                self._undecided = found[0]
                return fed
        self.form = form_of(batch)
        return self.form.read(batch)

    @property
    def form_name(self) -> str:
        """The name of the form; "" if it is not known yet."""
        return "" if self.form is None else self.form.NAME


def pass_over(loader: Iterable[Any], reader: Reader, batches: int | None, epoch: int = 0) -> Recorder:
    """Read the batches of one pass, at most `batches` of them.

    Raises AnchorauditError if the loader raises (with the number of the batch), hands over nothing, if
    `batches` is below 1, or as `Reader.read`.
    """
    if batches is not None and (not isinstance(batches, int) or batches < 1):
        raise AnchorauditError(f"batches is {batches!r}", remedy="Give the number of batches, at least 1.")
    recorder = Recorder()
    iterator = _iterate(loader)
    pass_of = islice(iterator, batches) if batches is not None else iterator
    number = 0
    while True:
        try:
            batch = next(pass_of)
        except StopIteration:
            break
        except Exception as error:
            within = f" of epoch {epoch}" if epoch else ""
            raise AnchorauditError(
                f"the loader raises at batch {number}{within}: {type(error).__name__}: {error}",
                remedy="Training would stop there too. The cause is in the data set, its transforms or the "
                "collate function; the error above is theirs.",
            ) from error
        recorder.add(reader.read(batch, number), number)
        number += 1
    if not number:
        raise AnchorauditError(
            "the loader hands over no batch",
            remedy="Look at its length, at `batch_size` with `drop_last`, and whether it was used up before.",
        )
    return recorder


def _iterate(loader: Iterable[Any]) -> Any:
    if not hasattr(loader, "__iter__"):
        raise AnchorauditError(
            f"cannot iterate over a value of type {type(loader).__name__}",
            remedy="Give the loader that the training loop iterates over, such as a DataLoader.",
        )
    return iter(loader)
