"""Engines: where the parts of a data set are audited. One module each, found by itself.

An engine module defines two names. Adding a module adds the engine.

NAME: the value of `--engine`, which is also the module's name.
engine(workers, scheduler) -> context manager of an Engine: `workers` is how many parts are audited at a time,
    None for what the engine thinks right; `scheduler` is the address of a cluster, "" for none.

The same parts give the same answer on every engine, byte for byte, whatever dies on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from anchoraudit.arrays import one_thread
from anchoraudit.errors import AnchorauditError, without_credentials
from anchoraudit.io.plugins import load_module, module_names

ATTEMPTS = 3  # how often a part is begun whose worker is killed


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a task has no result: a message, its file and the place in it, if there is one, and what to do."""

    why: str
    path: str = ""
    remedy: str = ""
    details: tuple[str, ...] = ()
    place: str = ""

    @classmethod
    def of(cls, error: AnchorauditError) -> Failed:
        """Return the failure that an error is."""
        return cls(error.message, error.path, error.remedy, error.details, error.place)

    @property
    def error(self) -> AnchorauditError:
        """The same as an error."""
        return AnchorauditError(
            self.why, path=self.path, place=self.place, remedy=self.remedy, details=self.details
        )


class Engine(Protocol):
    """What does tasks, here or elsewhere."""

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Yield (index, `work(common, task)`) for each task, in any order; a `Failed` for one that failed.

        An AnchorauditError is a failure at once; whatever else goes wrong, the task is begun ATTEMPTS times.
        """
        ...


def for_little(engine: Engine) -> Engine:
    """Return what does tasks that take little: the engine, or what it has for that while workers start."""
    return cast(Engine, getattr(engine, "meanwhile", engine))


class _Module(Protocol):
    NAME: str

    def engine(self, workers: int | None, scheduler: str) -> AbstractContextManager[Engine]: ...


def engine_names() -> list[str]:
    """Return the names of all engines. None is imported."""
    return module_names(__name__)


def engine(name: str, *, workers: int | None = None, scheduler: str = "") -> AbstractContextManager[Engine]:
    """Return an engine, to be used in a `with` block.

    Raises AnchorauditError if there is no such engine, or if what it needs is not installed.
    """
    if name not in engine_names():
        raise AnchorauditError(
            f"unknown engine {name!r}", remedy=f"Choose one of: {', '.join(engine_names())}."
        )
    return cast(_Module, load_module(__name__, name)).engine(workers, scheduler)


def attempted(work: Callable[[Any, Any], Any], common: Any, task: Any) -> Any:
    """Do a task. Return what it raises as a `Failed`, after ATTEMPTS attempts unless it is of no use."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with one_thread():  # there are other tasks for the other cores
                return work(common, task)
        except AnchorauditError as error:
            return Failed.of(error)
        except Exception as error:
            if not left:
                return Failed(without_credentials(f"{type(error).__name__}: {error}".partition("\n")[0]))
    raise AssertionError
