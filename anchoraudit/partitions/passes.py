"""Passes over the parts of a data set, for answers that need several: each asks something of every part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import add
from typing import Any, Generic, Self, TypeVar

from anchoraudit.auditing.audit import Audit
from anchoraudit.loaders import Tally
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.plan import Plan
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from anchoraudit.partitions.slices import Slice, sliced

Ask = Callable[[Audit], Any]  # what it returns for two parts can be added up
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Asking:
    """What every worker gets."""

    plan: Plan
    settings: Settings
    ask: Ask


@dataclass(frozen=True, slots=True)
class Summed(Generic[_Result]):
    """Several answers, each of which adds up over parts."""

    each: tuple[_Result, ...]

    def __add__(self, other: Summed[_Result]) -> Summed[_Result]:
        return Summed(tuple(map(add, self.each, other.each)))


@dataclass(frozen=True, slots=True)
class Together(Generic[_Result]):
    """An answer that adds up over parts, and what the loader did; None without one."""

    found: _Result
    tally: Tally | None

    @classmethod
    def of(cls, now: Audit, found: _Result) -> Self:
        """Return an answer about a part, with what the loader did to it."""
        return cls(found, None if now.loaded is None else now.loaded.tally)

    def __add__(self, other: Together[_Result]) -> Together[_Result]:
        tallies = [one for one in (self.tally, other.tally) if one is not None]
        return Together(add(self.found, other.found), reduce(add, tallies) if tallies else None)


class _AgainError(Exception):
    """A part that could be read before cannot be read any more: what is known holds it."""


@dataclass
class Passes:
    """Passes over those parts of a data set that can be read.

    failed: why the others could not be, by their numbers.
    """

    reading: InParts
    engine: Engine
    plan: Plan
    settings: Settings
    failed: dict[int, Failed] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def over(cls, reading: InParts, settings: Settings) -> Iterator[Passes]:
        """Look which parts there are. The engine ends with the block.

        Raises AnchorauditError if no part can be read, or if a setting is of no use.
        """
        with reading.planned() as (engine, plan):
            passes = cls(reading, engine, plan, settings)
            passes.now  # noqa: B018  raises before any part is read
            yield passes

    @property
    def now(self) -> Audit:
        """The audit of the data set without its images and boxes."""
        audit, _ = self.settings.examine(self.plan.skeleton)
        return audit

    @property
    def not_read(self) -> list[str]:
        """What was not read, and why."""
        return sorted(f"not read: {failed.error}" for failed in self.failed.values())

    def until_all_answer(self, work: Callable[[], _Result]) -> _Result:
        """Do work that makes passes. If a part answers only some of them, do it again without that part.

        Raises AnchorauditError if no part can be read.
        """
        while True:
            try:
                return work()
            except _AgainError:
                continue

    def first(self, ask: Ask) -> Any:
        """Ask all parts, and add up their answers. ask: a function of the audit of a part; it can be pickled.

        Parts that cannot be read are left out of this and all later passes. Raises AnchorauditError if none
        can be read.
        """
        return self._total(ask)

    def sum(self, ask: Ask) -> Any:
        """Ask the parts again, and add up their answers."""
        failed = len(self.failed)
        total = self._total(ask)
        if len(self.failed) > failed:
            raise _AgainError
        return total

    def _total(self, ask: Ask) -> Any:
        job, total = _Asking(self.plan, self.settings, ask), None
        parts = [part for part in self.plan.tasks if part not in self.failed]
        for done, (index, answer) in enumerate(self.engine.each(_answer, job, parts), 1):
            if isinstance(answer, Failed):
                self.failed[parts[index]] = answer
            else:
                total = answer if total is None else total + answer
            self.reading.done("asking parts", done, len(parts))
        if total is None:
            raise self.failed[min(self.failed)].error
        return total


def _answer(job: _Asking, part: int) -> Any:
    return reduce(add, map(partial(_ask, job), sliced(job.plan.read(part), job.plan, job.settings.look)))


def _ask(job: _Asking, own: Slice) -> Any:
    now, _ = job.settings.examine(own.dataset, own.files)
    return job.ask(now)
