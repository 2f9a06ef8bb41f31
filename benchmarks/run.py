"""Run the benchmarks and print their table.

    python benchmarks/run.py [NAME ...] [--data DIR] [--write]

NAME is a script's without `.py`; all of them if none is given. --write puts the table into README.md. Exit
code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from _measure import DATA, HERE, PYTHON, Claim

SCRIPTS = (
    "scan_coco",
    "scan_voc",
    "scan_trees",
    "formats",
    "closed_form",
    "detectors",
    "points",
    "counts",
    "rules",
    "augment",
    "advise",
    "cluster",
    "filter_coco",
    "scale",
    "startup",
    "training",
)
START, END = "<!-- table: written by run.py --write -->\n", "<!-- end of table -->\n"


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCRIPTS)}")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where data are kept")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in SCRIPTS]:
        parser.error(f"no benchmark {unknown[0]!r}: choose from {', '.join(SCRIPTS)}")
    claims = [claim for name in given.names or SCRIPTS for claim in _claims_of(name, given.data.resolve())]
    text = table(claims)
    print(text, end="")
    if given.write:
        write_between(START, END, text)
    sys.exit(int(any(claim.holds is False for claim in claims)))


def table(claims: Sequence[Claim]) -> str:
    """Markdown: the machine, and a row a claim."""
    rows = ["| claim | measured | by CPU time | bar | | from |", "|---|---:|---:|---|---|---|"]
    for claim in claims:
        cells = (claim.what, claim.figure, claim.by_cpu, claim.bar, claim.verdict, claim.detail)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([machine(), "", *rows, ""])


def _claims_of(name: str, data: Path) -> list[Claim]:
    """Run a script in a process of its own; its exit code 1 says no more than its claims."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = (PYTHON, str(HERE / f"{name}.py"), "--data", str(data), "--json")
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        sys.exit(f"{name} failed")
    return [Claim(**fields) for fields in json.loads(done.stdout)]


def machine() -> str:
    """What the numbers are from."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.system()}, Python {platform.python_version()}, NumPy {version('numpy')}"


def write_between(start: str, end: str, text: str) -> None:
    """Replace what stands between two lines of README.md."""
    readme = HERE / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(start)
    _, _, after = rest.partition(end)
    readme.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
