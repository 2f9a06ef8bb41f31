"""Many attempts, each by its name, in processes of their own whose memory is limited.

One that hangs or dies is a failure with a name, too.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

WAIT = 120.0  # seconds by the clock after which a mutant counts as hung
START = 600.0  # the same for the start of a process, which imports everything; a busy machine takes long
ADDRESSES = 2 << 30  # bytes of address space that a process may take beside what it began with
RENEWED = 1500  # mutants after which a process is replaced: libraries keep a little of each


@dataclass
class Outcome:
    """What came of a mutant. failures: what must not be, each as one text; empty if all held."""

    name: str
    codes: list[int] = field(default_factory=list)
    seconds: float = 0.0
    resident: int = 0
    failures: list[str] = field(default_factory=list)


def most_resident() -> int:
    """Return the most memory that this process has held, in bytes.

    `ru_maxrss` will not do: Linux starts it with what the parent held, here a whole test run.
    """
    (line,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(line) * 1024


Attempt = Callable[[str, Path], Outcome]


def _work(connection: Connection, root: Path, prepare: Callable[[], None], attempt: Attempt) -> None:
    """A worker: mutants in by name, outcomes out, until there is no name."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.send(None)  # ready
    while (name := connection.recv()) is not None:
        folder = Path(tempfile.mkdtemp(dir=root))
        try:
            outcome = attempt(name, folder)
        except Exception:
            outcome = Outcome(name, failures=[f"the fuzzing itself: {traceback.format_exc()}"])
        shutil.rmtree(folder, ignore_errors=True)
        connection.send(outcome)


class _Worker:
    """A process that tries mutants, one at a time.

    It is no copy of this one, whose memory and threads, those of a whole test run, would count as its own.
    """

    def __init__(self, *work: Any) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self.process = spawn.Process(target=_work, args=(theirs, *work), daemon=True)
        self.process.start()
        theirs.close()
        self.name, self.tried = "", 0
        self.since, self.patience = time.monotonic(), START

    def give(self, name: str) -> None:
        self.name, self.since = name, time.monotonic()
        self.tried += 1
        self.connection.send(name)

    def taken(self) -> Outcome | None:
        """What it has sent: an outcome, or that it is ready. Raises EOFError or OSError if it is dead."""
        sent: Outcome | None = self.connection.recv()
        self.since, self.patience = time.monotonic(), WAIT
        return sent

    def late(self) -> bool:
        return time.monotonic() - self.since > self.patience

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def campaign(
    wanted: Iterable[str],
    *,
    prepare: Callable[[], None],
    attempt: Attempt,
    workers: int = 2,
) -> Iterator[Outcome]:
    """Try mutants, by name, in processes of their own; prepare: what each does first."""
    queue = iter(wanted)
    with tempfile.TemporaryDirectory(prefix="fuzz-anchoraudit-") as root:
        work = (Path(root), prepare, attempt)
        busy: list[_Worker] = []
        try:
            for _ in range(workers):
                busy += _given(_Worker(*work), queue)
            while busy:
                ready = wait([worker.connection for worker in busy], timeout=1.0)
                for worker in list(busy):
                    there, hung = worker.connection in ready, worker.late()
                    if not there and not hung:
                        continue
                    busy.remove(worker)
                    next_one = worker
                    try:
                        if not there:
                            raise EOFError
                        outcome = worker.taken()
                        if outcome is None:
                            busy.append(worker)
                            continue
                        yield outcome
                        if worker.tried >= RENEWED:
                            worker.end()
                            next_one = _Worker(*work)
                    except (EOFError, OSError):
                        worker.end()
                        code = worker.process.exitcode
                        what = f"hung for {worker.patience:.0f} s" if hung else f"died: exit code {code}"
                        yield Outcome(worker.name, failures=[f"the process {what}"])
                        next_one = _Worker(*work)
                    busy += _given(next_one, queue)
        finally:
            for worker in busy:
                worker.end()


def _given(worker: _Worker, queue: Iterator[str]) -> list[_Worker]:
    name = next(queue, None)
    if name is None:
        worker.end()
        return []
    worker.give(name)
    return [worker]
