"""Memory: while many objects are read, and where it is limited."""

from __future__ import annotations

import errno
import gc
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Switch garbage collection off within the block.

    Use it while many small objects are made that hold no cycles: the collector would walk them again and
    again, and find nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# Below the most that glibc learns, which is 32 MiB.
_LARGE = 31 << 20


def reuse_freed() -> None:
    """Let this process use memory again that it has freed, where it would give it back and take it anew.

    glibc returns freed blocks of more than 128 KiB to the system, until it learns from the size of one that
    was freed that larger ones come and go. New memory is cleared by the system, page by page: arrays that
    live for a moment would cost more than what is computed with them.

    Nothing is done where memory is limited.
    """
    if limit() is None:
        bytes(_LARGE)  # no page of it is touched, as would be of a bytearray


# Rows of a table from which on it shows what reading them has taken.
_MANY = 1 << 19


def give_back(rows: int = _MANY) -> None:
    """Give all memory back to the system that this process has freed and keeps for what comes next.

    After work on much more data than what comes next. To take it anew costs some 0.3 s for each GB. rows: of
    a table that was read; of few, nothing is given back.
    """
    if rows < _MANY:
        return
    gc.collect()
    if (pyarrow := sys.modules.get("pyarrow")) is not None:
        pyarrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        import ctypes  # slow to import

        with suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)


# What importing NumPy, and scikit-learn with SciPy, adds to the address space (70 and 520 MiB), about:
# with less, NumPy's OpenBLAS may end the process, and SciPy's tries to map its buffers for ever.
_NUMPY = 128 << 20
SCIKIT_LEARN = 512 << 20


def limit() -> int | None:
    """Return how many bytes of address space this process may have (`ulimit -v`), None for any number."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def available() -> int | None:
    """Return how many bytes a program can take now without driving others out. None if the system hides it.

    In a container that is what its own limit leaves (cgroup v2).
    """
    free: list[int] = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free.append(int(next(line.split()[1] for line in lines if line.startswith("MemAvailable"))) << 10)
    with suppress(OSError, ValueError):
        most, taken = (
            Path(f"/sys/fs/cgroup/memory.{name}").read_text("ascii") for name in ("max", "current")
        )
        free.append(int(most) - int(taken))  # "max" is no number: there is no limit
    return max(min(free), 0) if free else None


def prepare() -> None:
    """Let libraries take no memory and start no threads that cost more than they save.

    Called before NumPy and pyarrow are imported.

    Its OpenBLAS starts a thread for each other core, which spins for a while: a third of a short run's CPU
    time. Nothing here multiplies large matrices. Where memory is limited, OpenBLAS also maps a buffer for
    each thread. If it cannot, it ends the process with exit code 1.

    pyarrow's mimalloc gives memory back to the system 10 ms after it was freed, and takes it anew for the
    next part, cleared: several seconds for 20 million boxes. A second is enough to go on with it.

    Raises MemoryError if memory is limited, and NumPy could not start.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1000")  # milliseconds
    if limit() is not None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        require(_NUMPY)


def require(size: int) -> None:
    """Raise MemoryError if memory is limited and this process cannot have so many more bytes."""
    if limit() is None:
        return
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        raise MemoryError from None


def shortage(error: BaseException) -> str:
    """Return what to say of an error of too little memory, whichever library raised it; "" for any other."""
    words = str(error).lower() if isinstance(error, ImportError | RuntimeError) else ""
    if "can't start new thread" in words:
        return (
            "the system starts no more threads\n  Raise the limits of memory (ulimit -v) and of processes "
            "(ulimit -u)."
        )
    if not (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or "cannot allocate memory" in words
        or "failed to map segment" in words
    ):
        return ""
    most = limit()
    if most is None:
        return "not enough memory\n  Read one split at a time with --split."
    return (
        f"not enough memory: this process may have {most >> 20:,} MiB (ulimit -v)\n"
        "  Raise the limit, or read one split at a time with --split."
    )
