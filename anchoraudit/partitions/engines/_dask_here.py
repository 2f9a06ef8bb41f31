"""Dask on this machine: its scheduler and workers, below a process of their own.

So Ctrl-C does not reach them, what Dask logs reaches no terminal, and no worker imports the user's script.
They end with the process that started them.

That process imports Dask once, and then only forks and waits: the scheduler, the workers, and a new worker
for each that died. Dask's own LocalCluster has it imported twice, and pandas too if it is there.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from select import select
from typing import Any, Literal, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.outputs import scratch_folder
from anchoraudit.io.processes import can_fork
from anchoraudit.io.signals import at_signal
from anchoraudit.partitions.engines import ATTEMPTS

_PROGRAM = f"import sys; from {__name__} import run; run(*sys.argv[1:])"
# Seconds until a worker that does not answer another one counts as killed, and until tasks fail that no
# worker is there for.
_CONNECTING, _WITHOUT_WORKERS = 3, 60
_ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
_HERE = "127.0.0.1"


class ClusterHere:
    """A scheduler and its workers, below a process that imports Dask, and starts them once it is told to."""

    def __init__(self, process: subprocess.Popen[str], workers: int) -> None:
        self._process = process
        self._workers = workers
        self._is_begun = False

    def begin(self) -> None:
        """Have them started, once. They begin with what this process has imported of anchoraudit.

        The more that is, the sooner they are ready.
        """
        if not self._is_begun:
            self._is_begun = True
            assert self._process.stdin is not None
            imported = sorted(name for name in sys.modules if name.startswith("anchoraudit."))
            with suppress(OSError):  # it ended: then it says nothing
                self._process.stdin.write(f"{' '.join(imported)}\n")
                self._process.stdin.flush()

    def is_ready(self) -> bool:
        """Tell whether to ask for the address takes no time."""
        assert self._process.stdout is not None
        if "address" in vars(self) or not can_fork():  # other systems cannot tell this of a pipe
            return True
        return bool(select([self._process.stdout], [], [], 0)[0])

    @cached_property
    def address(self) -> str:
        """The address of the scheduler, once it is there. Imports Dask meanwhile.

        Raises AnchorauditError if they cannot be started.
        """
        self.begin()
        assert self._process.stdout is not None
        import distributed  # noqa: F401

        address = self._process.stdout.readline().strip()
        if "://" not in address:
            raise AnchorauditError(
                f"Dask cannot start {self._workers:,} workers here: {address or 'its process ended'}",
                remedy="Give fewer --workers, or leave out --engine dask.",
            )
        return address


@contextmanager
def cluster_here(workers: int) -> Iterator[ClusterHere]:
    """Begin to start a scheduler that has so many workers. It ends with the block."""
    with scratch_folder() as folder:
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109
        process = subprocess.Popen(
            # -P: no other folder comes before these.
            [sys.executable, "-P", "-c", _PROGRAM, str(workers), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths},
            start_new_session=True,
        )
        with at_signal(partial(_end, process)):
            try:
                yield ClusterHere(process, workers)
            finally:
                _end(process)
                process.communicate()  # and close the pipes


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and all those that it started. They have nothing to tidy up."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.kill()


def run(workers: str, folder: str) -> None:
    """Wait for a line of modules that workers need, write the scheduler's address, and run until stdin ends.

    In place of the address, writes why there is none. folder: where workers put what they have no room for,
    and the scheduler its files.
    """
    _import("distributed")
    if not (imported := sys.stdin.readline()):
        return  # nobody needs workers
    _import(*imported.split())
    gc.freeze()  # workers need not look at what was imported
    method = "fork" if can_fork() else "spawn"  # forks are safe: Python has one thread here
    context = multiprocessing.get_context(cast(Literal["spawn"], method))  # typed as one of the two
    try:
        receiving, sending = context.Pipe(duplex=False)
        scheduler = context.Process(target=_schedule, args=(folder, sending), daemon=True)
        scheduler.start()
        sending.close()  # or the next line waits for ever for a scheduler that ended
        address = receiving.recv()

        def started() -> BaseProcess:
            worker = context.Process(target=_work, args=(folder, address), daemon=True)
            worker.start()
            return worker

        running = [started() for _ in range(int(workers))]
    except (OSError, EOFError) as error:
        print(str(error).partition("\n")[0] or "its scheduler ended", flush=True)
        return
    print(address, flush=True)
    until = [scheduler.sentinel]
    if method == "fork":
        until.append(sys.stdin.fileno())
    else:  # not each system can wait for a pipe, and a thread does no harm where nothing is forked
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    while not set(until) & set(wait([*until, *(worker.sentinel for worker in running)])):
        running = [worker if worker.is_alive() else started() for worker in running]


def _import(*names: str) -> None:
    for name in names:
        with suppress(ImportError):
            import_module(name)


def _schedule(folder: str, sending: Connection) -> None:
    """Be the scheduler. Send its address."""
    from distributed import Scheduler

    async def serve() -> None:
        async with Scheduler(host=_HERE, port=0, dashboard=False) as scheduler:
            sending.send(scheduler.address)
            await scheduler.finished()

    _serve(folder, serve())


def _work(folder: str, address: str) -> None:
    """Be a worker of a scheduler."""
    from distributed import Worker

    async def serve() -> None:
        # Without a limit, for Dask stops a worker for good whose memory is not given back to the system.
        worker = Worker(
            address, host=_HERE, nthreads=1, memory_limit=0, local_directory=folder, dashboard=False
        )
        async with worker:
            await worker.finished()

    _serve(folder, serve())


def _serve(folder: str, serving: Coroutine[Any, Any, None]) -> None:
    """Run a scheduler or a worker as long as the process that started this one."""
    import dask

    dask.config.set(
        {
            "temporary-directory": folder,  # or the scheduler leaves a folder beside it
            # A task fails with so many deaths of its workers. The engine then tries it once more, alone.
            "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
            "distributed.scheduler.no-workers-timeout": f"{_WITHOUT_WORKERS} s",
            "distributed.comm.timeouts.connect": f"{_CONNECTING} s",
            # Fifty times a second each process tells that it is not held up. Nobody hears it.
            "distributed.admin.tick.interval": "1s",
            # Nobody sees it, and it stops the worker a hundred times a second.
            "distributed.worker.profile.enabled": False,
        }
    )
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(serving)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(0)
