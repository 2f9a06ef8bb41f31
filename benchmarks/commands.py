"""Time and memory of every command on the COCO file of train2017's size, beside those recorded in README.md.

    python benchmarks/commands.py [COMMAND ...] [--file FILE] [--data DIR] [--rounds N] [--write]

COMMAND is a name as in the table; all of them if none is given. FILE: a COCO file to run on instead, with
which nothing is compared. --write puts the table into README.md, with the commit. Exit code 1 if a command
takes over 1.5 times the CPU time or 1.2 times the memory that are recorded there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from _data import coco_file
from _measure import DATA, HERE, MB, PROGRAM, Run, median, peak_memory, run
from run import machine, write_between

MOST_CPU, MOST_MEMORY = 1.5, 1.2  # times what is recorded; CPU time varies by a few percent, memory by less
ROUNDS = 3
BLAMED = ("--sampler", "torch-generator", "--seed", "0", "--batch-size", "16", "--step", "1")
START, END = "<!-- table: written by commands.py --write -->\n", "<!-- end of the commands -->\n"
_IMAGE_ID = re.compile(rb'"images"\s*:\s*\[\s*\{[^{}]*"id"\s*:\s*(\d+)')
_ROW = re.compile(r"^\| `(.+?)` \| [\d.]+ \| ([\d.]+) \| ([\d,]+) \|", re.MULTILINE)


def work(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the words of each command line, by the name of its row; FILE is the data set.

    A command line runs in an empty folder, so what it writes is gone afterwards.
    """
    data = str(file)
    image = _first_image(file)
    return {
        "scan": ("scan", data, "--exit-zero"),
        "scan -q": ("scan", data, "--exit-zero", "-q"),
        "scan --output-format json": ("scan", data, "--exit-zero", "--output-format", "json"),
        "scan --export-boxes": ("scan", data, "--exit-zero", "-q", "--export-boxes", "boxes.parquet"),
        "scan --report": ("scan", data, "--exit-zero", "-q", "--report", "report.html"),
        "filter": ("filter", data, "-o", "clean.json"),
        "filter --fix": ("filter", data, "-o", "clean.json", "--fix"),
        "cluster": ("cluster", data, "--k", "9"),
        "explain": ("explain", image, data),
        "blame": ("blame", "--dataset", data, *BLAMED),
        "compare": ("compare", data, "--detector", "reference", "--detector", "yolov5"),
        "advise": ("advise", data),
        "export": ("export", data, "--to", "coco", "-o", "out"),
        "init": ("init", data),
        "detectors": ("detectors",),
        "rules": ("rules", "list"),
        "formats": ("formats",),
    }


def main() -> int:
    """Parse, run, print, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="COMMAND")
    parser.add_argument("--file", type=Path, metavar="FILE", help="a COCO file to run on")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where data are kept")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="runs of which the median counts"
    )
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    lines = work((given.file or coco_file(given.data)).resolve())
    if unknown := [name for name in given.names if name not in lines]:
        parser.error(f"no command {unknown[0]!r}: choose from {', '.join(lines)}")
    if given.write and (given.names or given.file):
        parser.error("--write records all commands on the file of the benchmarks")
    recorded = {} if given.file else record((HERE / "README.md").read_text("utf-8"))
    rows = []
    worse: list[str] = []
    for name in given.names or lines:
        took = measured((*PROGRAM, *lines[name]), given.rounds)
        rows.append((name, took))
        worse += more_than_recorded(name, took, recorded)
        print(told(name, took, recorded), flush=True)
    if given.write:
        write_between(START, END, table(rows))
    print("\n".join(worse), end="\n" * bool(worse), file=sys.stderr)
    return int(bool(worse))


def measured(command: Sequence[str], rounds: int) -> Run:
    """Medians of the times of some runs, after one that is not counted; the memory of one of its own."""
    run(command)
    took = median([run(command) for _ in range(rounds)])
    return Run(took.wall, took.cpu, peak_memory(command))


def record(readme: str) -> dict[str, tuple[float, float]]:
    """Return CPU seconds and MB of memory that the page records, by the name of the row."""
    text = readme.partition(START)[2].partition(END)[0]
    return {name: (float(cpu), float(peak.replace(",", ""))) for name, cpu, peak in _ROW.findall(text)}


def more_than_recorded(name: str, took: Run, recorded: dict[str, tuple[float, float]]) -> list[str]:
    """Tell what a command takes more of than it did, beyond what chance explains."""
    if name not in recorded:
        return []
    cpu, peak = recorded[name]
    found = []
    if took.cpu > MOST_CPU * cpu + 0.1:
        found.append(f"{name}: {took.cpu:.2f} s of CPU time, {cpu:.2f} s are recorded")
    if took.peak / MB > MOST_MEMORY * peak + 5:
        found.append(f"{name}: {took.peak / MB:.0f} MB of memory, {peak:.0f} MB are recorded")
    return found


def told(name: str, took: Run, recorded: dict[str, tuple[float, float]]) -> str:
    """One line of what was measured."""
    line = f"{name:<28} {took.wall:7.2f} s {took.cpu:7.2f} s CPU {took.peak / MB:7,.0f} MB"
    if name in recorded:
        cpu, peak = recorded[name]
        line += f"   {took.cpu / cpu:.2f} times the CPU time recorded, {took.peak / MB / peak:.2f} the memory"
    return line


def table(rows: Sequence[tuple[str, Run]]) -> str:
    """Markdown: the machine and the commit, and a row a command."""
    lines = [f"{machine()}; commit {_commit()}", ""]
    lines += ["| command | seconds | CPU seconds | peak memory, MB |", "|---|---:|---:|---:|"]
    lines += [f"| `{name}` | {r.wall:.2f} | {r.cpu:.2f} | {r.peak / MB:,.0f} |" for name, r in rows]
    return "\n".join([*lines, ""])


def _commit() -> str:
    """The commit that is measured, with a `+` if files differ from it."""
    command = ("git", "-C", str(HERE), "describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=10")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _first_image(file: Path) -> str:
    with file.open("rb") as stream:
        found = _IMAGE_ID.search(stream.read(1 << 20))
    if found is None:
        sys.exit(f"{file}: no image with an id at its beginning")
    return found[1].decode()


if __name__ == "__main__":
    sys.exit(main())
