"""Dask on this machine: its scheduler and workers, below a process of their own.

So Ctrl-C does not reach them, what Dask logs reaches no terminal, and no worker imports the user's script.
They end with the process that started them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.outputs import remove_folder, scratch_folder
from anchoraudit.io.processes import can_fork
from anchoraudit.io.signals import at_signal
from anchoraudit.partitions.engines import ATTEMPTS

_PROGRAM = f"import sys; from {__name__} import run; run(*sys.argv[1:])"
# Seconds until a worker that does not answer another one counts as killed, and until tasks fail that no
# worker is there for.
_CONNECTING, _WITHOUT_WORKERS = 3, 60
# Bytes that the path of a socket may have on every system, and what Python calls its sockets.
_LONGEST, _SOCKET = 104, "/listener-12345678"
_ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")


@contextmanager
def cluster_here(workers: int) -> Iterator[str]:
    """Give the address of a scheduler that has so many workers. Raises AnchorauditError if it has none.

    They begin with what this process has imported of anchoraudit: the more, the sooner they are ready. This
    process imports Dask meanwhile.
    """
    with scratch_folder() as folder, _folder_for_sockets(folder) as sockets:
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109
        imported = sorted(name for name in sys.modules if name.startswith("anchoraudit."))
        process = subprocess.Popen(
            # -P: no other folder comes before these.
            [sys.executable, "-P", "-c", _PROGRAM, str(workers), str(folder), str(sockets), *imported],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths},
            start_new_session=True,
        )
        with at_signal(partial(_end, process)):
            try:
                import distributed  # noqa: F401

                assert process.stdout is not None
                address = process.stdout.readline().strip()
                if "://" not in address:
                    raise AnchorauditError(
                        f"Dask cannot start {workers:,} workers here: {address or 'its process ended'}",
                        remedy="Give fewer --workers, or leave out --engine dask.",
                    )
                yield address
            finally:
                _end(process)
                process.communicate()  # and close the pipes


@contextmanager
def _folder_for_sockets(folder: Path) -> Iterator[Path]:
    """Give a folder in which processes can make sockets: this one, or another one if its path is too long."""
    if len(os.fsencode(folder)) + len(_SOCKET) < _LONGEST:
        yield folder
        return
    own = Path(tempfile.gettempdir(), f"pymp-{os.urandom(4).hex()}")  # as short as Python's own
    remove = partial(remove_folder, own)
    with at_signal(remove):
        try:
            own.mkdir(mode=0o700)
            yield own
        finally:
            remove()


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and all those that it started. They have nothing to tidy up."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            # The process that tracks semaphores ignores it. It removes them once the others are gone.
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.kill()


def run(workers: str, folder: str, sockets: str, *imported: str) -> None:
    """Write the scheduler's address to stdout, or why there is none, and run until stdin ends.

    folder: where workers put what they have no room for, and the scheduler its files. sockets: where these
    processes have theirs. imported: modules that they need.
    """
    # Where `multiprocessing.util.get_temp_dir` looks first. A folder that it made would stay: these processes
    # are ended, and tidy up nothing.
    getattr(multiprocessing.current_process(), "_config", {})["tempdir"] = sockets
    if can_fork():
        _import_once(imported)
    import dask
    from distributed import LocalCluster

    dask.config.set(
        {
            "temporary-directory": folder,  # or the scheduler leaves a folder beside it
            # A task fails with so many deaths of its workers. The engine then tries it once more, alone.
            "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
            "distributed.scheduler.no-workers-timeout": f"{_WITHOUT_WORKERS} s",
            "distributed.comm.timeouts.connect": f"{_CONNECTING} s",
            # Dask has memory given back to the system at once. Then every array costs page faults anew.
            "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
            # Dask ends the nanny of a worker that has died, and is just then dead again, instead of waiting.
            "distributed.deploy.lost-worker-timeout": "1000 days",
            "distributed.worker.multiprocessing-method": "forkserver" if can_fork() else "spawn",
            # Fifty times a second each process tells that it is not held up. Nobody hears it.
            "distributed.admin.tick.interval": "1s",
            # Nobody sees it, and it stops the worker a hundred times a second.
            "distributed.worker.profile.enabled": False,
        }
    )
    try:
        cluster = LocalCluster(
            n_workers=int(workers), threads_per_worker=1, dashboard_address=None, local_directory=folder
        )
    except Exception as error:
        print(str(error).partition("\n")[0] or type(error).__name__, flush=True)
        return
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()


def _import_once(imported: Sequence[str]) -> None:
    """Start the process of which workers are forks. It imports what they need while this one imports Dask."""
    from multiprocessing import forkserver

    multiprocessing.set_forkserver_preload(["distributed.nanny", *imported])
    forkserver.ensure_running()
