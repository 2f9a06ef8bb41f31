"""Measuring: fresh processes side by side, medians, and what a benchmark prints.

A process that is measured starts from a small one. Linux counts what the parent held when it started a
child towards the child's peak memory, so a script that claims memory imports neither NumPy nor data.

Nothing looks at a process while it is timed. A look at the memory of a process holds up its page faults, and
takes a core if it comes every few milliseconds. So peaks are measured in runs of their own.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
ROUNDS = 5
PYTHON = sys.executable
PROGRAM = (PYTHON, "-m", "anchoraudit")
MB = 1e6
sys.path.insert(0, str(HERE.parent))  # this checkout before whatever is installed
# The same for children. And they find bytecode, as an installed program does, without any beside the sources.
_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH", "")])),
    "PYTHONPYCACHEPREFIX": str(DATA / "bytecode"),
}
# ru_maxrss is in kilobytes on Linux and in bytes on macOS.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
_LEFT_BEHIND = 30  # seconds in which processes end that the one that started them did not wait for


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds on the clock, user and system seconds, and the most memory it held, in bytes."""

    wall: float
    cpu: float
    peak: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table.

    what: what was measured. figure: the number that is claimed. by_cpu: the same number from user and
    system seconds, "" where it is no time. detail: what the number was made from. bar: "" if none is set.
    """

    what: str
    figure: str
    by_cpu: str
    detail: str
    bar: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        """`holds`, `does not hold`, or nothing where there is no bar."""
        return {True: "holds", False: "does not hold", None: ""}[self.holds]


def run(command: Sequence[str], *, watch: Callable[[], None] | None = None, every: float = 0.002) -> Run:
    """Run a command in a fresh process and an empty working directory; RuntimeError if it fails.

    On Linux its CPU time is that of all processes that it starts, also of those that nobody waits for.
    watch: called again and again while it runs, `every` so many seconds.
    """
    environment = {**os.environ, **_ENVIRONMENT}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    _adopt()
    before = children()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        while watch is not None and not os.waitid(
            os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            watch()
            time.sleep(every)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(
                f"exit code {process.returncode}: {' '.join(command)}\n{errors.read().decode()}"
            )
        cpu = sum(each.ru_utime + each.ru_stime for each in (used, *_left_behind(before)))
    return Run(wall, cpu, used.ru_maxrss * _MAXRSS_UNIT)


def output_of(command: Sequence[str]) -> bytes:
    """Return what a command of this checkout prints, not timed; CalledProcessError if it fails."""
    done = subprocess.run(command, env={**os.environ, **_ENVIRONMENT}, check=True, capture_output=True)
    return done.stdout


def _adopt() -> None:
    """Become the parent of all processes below this one whose own parent ends. On Linux only."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise RuntimeError("this system does not let a process wait for those below its children")


def _left_behind(before: set[int]) -> Iterator[resource.struct_rusage]:
    """Wait for processes that a command did not wait for, and yield what each used.

    before: children of this process that are not of the command.
    """
    until = time.monotonic() + _LEFT_BEHIND
    while left := children() - before:
        for pid in left:
            ended, _, used = os.wait4(pid, os.WNOHANG)
            if ended:
                yield used
        if time.monotonic() > until:
            raise RuntimeError(f"still running after the command: {sorted(left)}")
        time.sleep(0.01)


def peak_memory(command: Sequence[str], *, every: float = 0.002) -> int:
    """Most bytes that a command held at one time, all its processes together, in a run of its own.

    On Linux they are looked at `every` so many seconds, pages that several share counted once. Elsewhere it
    is the peak of the largest process.
    """
    seen, others = [0], children()
    done = run(command, watch=lambda: seen.append(held(others)), every=every)
    return max(seen) or done.peak


def held(others: Set[int] = frozenset()) -> int:
    """Bytes that the processes below this one hold together: each page divided by how many map it.

    others: children of this process that do not count, nor what is below them.
    """
    parents, below = _parents(), children() - others
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    total = 0
    for pid in below:
        with suppress(OSError, ValueError, IndexError):  # it has just ended
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += 1024 * int(rollup.split("\nPss:", 1)[1].split(None, 1)[0])
    return total


def children() -> set[int]:
    """The processes whose parent is this one, where /proc tells."""
    own = os.getpid()
    return {pid for pid, parent in _parents().items() if parent == own}


def _parents() -> dict[int, int]:
    """The parent of each process."""
    parents = {}
    with suppress(FileNotFoundError):  # there is no /proc
        for folder in Path("/proc").iterdir():
            with suppress(OSError, ValueError):  # no process, or it has just ended
                stat = (folder / "stat").read_text()
                parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents


def timed(work: Callable[[], object]) -> Run:
    """Call a function in this process, all its threads counted."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - start, time.process_time() - cpu)


def side_by_side(work: Mapping[str, Callable[[], Run]], *, rounds: int = ROUNDS) -> dict[str, Run]:
    """Median of `rounds` runs of each, taken in turns after one of each that is not counted.

    So whatever else the machine does meets all of them alike, and files are in the page cache. Each round has
    another order: memory that a process gave back is used by the next one, and what that costs depends on
    which one it was.
    """
    for once in work.values():
        once()
    runs: dict[str, list[Run]] = {name: [] for name in work}
    for number in range(rounds):
        for name in random.Random(number).sample(list(work), len(work)):
            runs[name].append(work[name]())
    return {name: median(of) for name, of in runs.items()}


def median(runs: Sequence[Run]) -> Run:
    """Median of each figure by itself."""
    return Run(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        int(statistics.median(run.peak for run in runs)),
    )


def ratio_claim(what: str, ours: Run, theirs: Run, *, names: tuple[str, str], most: float | None) -> Claim:
    """Claim that one run takes at most so many times as long as another."""
    ratio = ours.wall / theirs.wall
    return Claim(
        what,
        f"{ratio:.2f}",
        f"{ours.cpu / theirs.cpu:.2f}",
        f"{names[0]} {ours.wall:.2f} s (CPU {ours.cpu:.2f} s), {names[1]} {theirs.wall:.2f} s "
        f"(CPU {theirs.cpu:.2f} s)",
        "" if most is None else f"at most {most:g}",
        None if most is None else ratio <= most,
    )


def peak_claim(what: str, peak: int, size: int, *, most: float | None) -> Claim:
    """Claim that a command held at most so many times the bytes of the file it read."""
    return Claim(
        what,
        f"{peak / size:.2f}",
        "",
        f"{peak / MB:.0f} MB of memory, file {size / MB:.0f} MB",
        "" if most is None else f"at most {most:g}",
        None if most is None else peak <= most * size,
    )


def main(measure: Callable[[Path], list[Claim]]) -> None:
    """Run one script's measurements, print its claims, and exit with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="where data are kept (default: data)"
    )
    parser.add_argument("--json", action="store_true", help="print the claims as JSON, for run.py")
    given = parser.parse_args()
    claims = measure(given.data.resolve())
    if given.json:
        print(json.dumps([asdict(claim) for claim in claims]))
    else:
        print("\n".join(lines(claims)))
    sys.exit(int(any(claim.holds is False for claim in claims)))


def lines(claims: Sequence[Claim]) -> list[str]:
    """Claims as plain text."""
    text: list[str] = []
    for claim in claims:
        cpu = f" (by CPU time {claim.by_cpu})" if claim.by_cpu else ""
        bar = f"; {claim.bar}: {claim.verdict}" if claim.bar else ""
        text += [f"{claim.what}: {claim.figure}{cpu}{bar}", f"    {claim.detail}"]
    return text
