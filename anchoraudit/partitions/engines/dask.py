"""The engine of many machines: each part is a task of a Dask cluster, or of Dask's workers on this machine.

A worker may die at any time. Dask then does its tasks elsewhere. Whatever they need is made by a task too,
not scattered: what is scattered is lost with the last worker that has it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

import anchoraudit
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.memory import reuse_freed
from anchoraudit.io.processes import cores
from anchoraudit.partitions.engines import ATTEMPTS, Engine, Failed, attempted
from anchoraudit.partitions.engines._dask_here import cluster_here
from anchoraudit.partitions.engines._meanwhile import Meanwhile
from anchoraudit.partitions.engines.local import LocalEngine

NAME = "dask"

_CONNECTING = 10  # seconds until a scheduler that does not answer counts as absent
# Seconds until a cluster without a worker counts as unable to start one: as long as a new machine takes.
_WITHOUT_WORKERS = 300
# Asked in words that every Python understands: a function of a module that a worker lacks ends that worker.
_VERSION = "__import__('anchoraudit').__version__"
_LOGGERS = ("distributed", "tornado", "asyncio")


class DaskEngine:
    """Does tasks on the workers of a cluster.

    connect: gives a client of it; it is called once there is something to do. at_once: how many tasks are
    given to the cluster at a time; None for all. meanwhile: what does tasks that take little, also while the
    workers start; at first the cluster itself.
    """

    def __init__(self, connect: Callable[[], Any], at_once: int | None = None) -> None:
        self._connect = cache(connect)
        self._at_once = at_once
        self.meanwhile: Engine = self

    def each(
        self, work: Callable[[Any, Any], Any], common: Any, tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Yield (index, `work(common, task)`) for each task, in any order; a `Failed` for one that failed.

        Dask blames the death of a worker on all tasks that were given to it. So those that it gives up are
        done once more at the end, one by one: only then it is known which one kills its worker.
        """
        if not tasks:
            return
        everywhere = self._connect().submit(_same, common, key=_key("common"), pure=False)
        doing = partial(_done_there, anchoraudit.__version__, work)
        again = []
        for index, result in self._in_turn(doing, everywhere, tasks, range(len(tasks)), self._at_once):
            if result is None:
                again.append(index)
            else:
                yield index, result
        killed = Failed(
            f"its worker was killed at least {ATTEMPTS} times, perhaps for want of memory: give smaller "
            "parts (--memory), or workers with more of it"
        )
        for index, result in self._in_turn(doing, everywhere, tasks, again, 1):
            yield index, killed if result is None else result

    def _in_turn(
        self,
        doing: Callable[[Any, Any], Any],
        everywhere: Any,
        tasks: Sequence[Any],
        indices: Sequence[int],
        at_once: int | None,
    ) -> Iterator[tuple[int, Any]]:
        """Yield the results of some tasks, None for one whose workers were killed, `at_once` at a time."""
        from distributed import KilledWorker, as_completed

        index_of: dict[str, int] = {}

        def begun(some: Sequence[int]) -> list[Any]:
            names = [_key(str(index)) for index in some]
            index_of.update(zip(names, some, strict=True))
            own = [tasks[index] for index in some]
            arguments = [everywhere] * len(own), own
            futures: list[Any] = self._connect().map(doing, *arguments, key=names, pure=False)
            return futures

        waiting = iter(indices[at_once:] if at_once else ())
        completed = as_completed(begun(indices[:at_once]))
        for future in completed:
            index = index_of.pop(future.key)
            try:
                result = future.result()
            except (asyncio.CancelledError, concurrent.futures.CancelledError):  # as the version has it
                raise AnchorauditError(
                    "the connection to the Dask scheduler was lost",
                    remedy="See why it ended (its log, its memory), and run the command again.",
                ) from None
            except KilledWorker:
                result = None
            except Exception as error:
                result = Failed(f"{type(error).__name__}: {error}".partition("\n")[0])
            yield index, result
            del future  # so that the cluster forgets the result
            for next_index in itertools.islice(waiting, 1):
                completed.update(begun([next_index]))


@contextmanager
def engine(workers: int | None, scheduler: str) -> Iterator[DaskEngine]:
    """Give the engine. scheduler: the address of a cluster; "" for workers on this machine.

    The latter begin to import Dask at once, and start when there is something to do. By then this process has
    imported most of what they need. What takes little is done by the engine local until they are ready.

    Raises AnchorauditError without Dask, or if the cluster cannot be used.
    """
    if find_spec("distributed") is None:
        raise AnchorauditError(
            "the engine dask needs the packages dask and distributed",
            remedy="pip install 'anchoraudit[dask]'",
        )
    with ExitStack() as stack:
        if scheduler:
            stack.enter_context(_quiet())
            client = stack.enter_context(_connected(scheduler))
            yield DaskEngine(lambda: client, workers)
        else:
            cluster = stack.enter_context(cluster_here(workers or cores()))
            dask = DaskEngine(lambda: stack.enter_context(_client_here(cluster.address)))
            dask.meanwhile = Meanwhile(LocalEngine(workers or cores()), dask, cluster.begin, cluster.is_ready)
            yield dask


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Connect to a cluster whose workers have this version of anchoraudit."""
    from distributed import Client

    try:
        _require_answer(scheduler)
        client = Client(scheduler, timeout=_CONNECTING)
    except Exception as error:  # of the system, of the address's form, of a handshake
        why = f" within {_CONNECTING} s" if isinstance(error, TimeoutError) else f": {_reason(error)}"
        raise AnchorauditError(
            f"no answer from the Dask scheduler {scheduler}{why}",
            remedy="Give the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786.",
        ) from None
    with client:
        # A cluster may have no worker before there is something to do.
        first = client.submit(eval, _VERSION, key=_key("version"), pure=False)
        try:
            first.exception(timeout=_WITHOUT_WORKERS)
        except TimeoutError:
            raise AnchorauditError(
                f"the Dask scheduler {scheduler} has had no worker for {_WITHOUT_WORKERS} s",
                remedy=f"Start one: dask worker {scheduler}",
            ) from None
        for address, version in sorted(client.run(eval, _VERSION, on_error="return").items()):
            if version != anchoraudit.__version__:
                raise _other_version(f"the Dask worker {address}", version)
        yield client


@contextmanager
def _client_here(address: str) -> Iterator[Any]:
    """Connect to workers on this machine."""
    with _quiet():
        from distributed import Client

        with Client(address) as client:
            yield client


def _require_answer(scheduler: str) -> None:
    """Shake hands with a scheduler. Raises TimeoutError if nothing answers there, and other errors.

    A client of Dask waits for ever for something that takes connections and says nothing. This runs in a
    thread, since this one may have an event loop, as in a notebook.
    """
    from distributed.comm import connect
    from distributed.security import Security

    async def shake_hands() -> None:
        arguments = Security().get_connection_args("client")
        async with asyncio.timeout(_CONNECTING):
            comm = await connect(scheduler, timeout=_CONNECTING, **arguments)
        comm.abort()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, shake_hands()).result()


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask log nothing within the block: what goes wrong is told by results."""
    import distributed  # noqa: F401  sets up its loggers

    known = [name for name in logging.Logger.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    loggers = [logging.getLogger(name) for name in known]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _done_there(version: str, work: Callable[[Any, Any], Any], common: Any, task: Any) -> Any:
    """Do a task, on a worker, which may have joined the cluster just now."""
    if anchoraudit.__version__ != version:
        return Failed(str(_other_version("a Dask worker", anchoraudit.__version__)))
    reuse_freed()
    try:
        return attempted(work, common, task)
    finally:
        # What is in cycles of a part would stay until much else has been made. Quick if all is frozen that
        # was imported, as in workers that `_dask_here` starts.
        if gc.get_freeze_count():
            gc.collect()


def _same(common: Any) -> Any:
    return common


def _other_version(who: str, found: object) -> AnchorauditError:
    has = f"anchoraudit {found}" if isinstance(found, str) else f"no anchoraudit ({_reason(found)})"
    return AnchorauditError(
        f"{who} has {has}, and this is {anchoraudit.__version__}",
        remedy=f"Install it there: pip install 'anchoraudit=={anchoraudit.__version__}'",
    )


def _key(name: str) -> str:
    """Return a name for a task that no other one has, also of other users of the cluster."""
    return f"anchoraudit-{name}-{uuid4().hex}"


def _reason(error: object) -> str:
    """Return the first line of an error, or its kind if it says nothing."""
    return str(error).partition("\n")[0][:200] or type(error).__name__
