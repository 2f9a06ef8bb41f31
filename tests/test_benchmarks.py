"""The benchmark of the commands: all of them, what it records, and that it sees what became worse."""

import importlib
import sys
from pathlib import Path

import click
import pytest

from anchoraudit import cli
from tests.conftest import ROOT, SAMPLE

FILE = SAMPLE / "coco/annotations/instances_train.json"


@pytest.fixture
def commands(monkeypatch):
    """The script as a module; others of its folder are imported by their bare names."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    names = ("commands", "run", "_measure", "_data")
    yield importlib.import_module("commands")
    for name in names:
        sys.modules.pop(name, None)


def test_every_command_is_measured_and_understood(commands, here):
    """Each line is one that the program takes, run here on a small file."""
    lines = commands.work(FILE)
    context = click.Context(cli.cli)
    unmeasured = {"verify"}  # hashes files, and takes a manifest with its certificate
    assert {line[0] for line in lines.values()} == {*cli.cli.list_commands(context)} - unmeasured
    for name, line in lines.items():
        if name not in ("advise", "cluster"):  # which take seconds
            for path in here.iterdir():
                if path.name == "clean.json":
                    path.unlink()
            assert cli.run(list(line)) == 0, name


def test_what_is_written_is_what_is_compared(commands, monkeypatch, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n{commands.START}\nold\n{commands.END}\nend\n")
    monkeypatch.setattr(sys.modules["run"], "HERE", tmp_path)
    rows = [("scan", commands.Run(2.5, 3.25, 1_234_000_000)), ("scan -q", commands.Run(1, 1, 9_000_000))]
    commands.write_between(commands.START, commands.END, commands.table(rows))
    text = readme.read_text()
    assert commands.record(text) == {"scan": (3.25, 1234), "scan -q": (1, 9)}
    assert "old" not in text and text.endswith("end\n") and "; commit " in text


def test_what_became_worse_is_told(commands):
    recorded = {"scan": (2.0, 100.0)}

    def worse(cpu, megabytes, name="scan"):
        return commands.more_than_recorded(name, commands.Run(1, cpu, int(megabytes * 1e6)), recorded)

    assert worse(2.9, 118) == worse(9, 900, "filter") == []
    assert worse(3.2, 100) == ["scan: 3.20 s of CPU time, 2.00 s are recorded"]
    assert worse(2, 130) == ["scan: 130 MB of memory, 100 MB are recorded"]


def test_the_page_has_the_place_of_the_table(commands):
    text = Path(ROOT, "benchmarks/README.md").read_text()
    assert text.count(commands.START) == text.count(commands.END) == 1


@pytest.fixture
def measuring(monkeypatch):
    """The module that measures."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield importlib.import_module("_measure")
    sys.modules.pop("_measure", None)


SECONDS = 1.2  # of CPU time: more than two processes take that do nothing, on however busy a machine
BUSY = f"import time\nwhile time.process_time() < {SECONDS}: pass"
# A process that ends at once; what it has started works on, or has ended and was never waited for.
LEAVING = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep({})"
)


@pytest.mark.skipif(sys.platform != "linux", reason="LEFT BEHIND PROCESSES COUNT ON LINUX ONLY")
@pytest.mark.parametrize("seconds", [0, 2])
def test_the_time_of_processes_that_nobody_waits_for_counts(measuring, seconds):
    program = (sys.executable, "-c", LEAVING.format(seconds))
    idle, busy = (measuring.run((*program, work)).cpu for work in ("pass", BUSY))
    assert idle < SECONDS <= busy + 0.01 < 2 * SECONDS  # as exact as the system counts, and once


@pytest.mark.skipif(sys.platform != "linux", reason="PEAKS OF SEVERAL PROCESSES ARE MEASURED ON LINUX ONLY")
def test_the_peak_is_of_all_processes_at_one_time(measuring):
    """Two of 100 MB each, the second one in a session of its own."""
    data = "data = b'x' * 100_000_000"
    below = f"import sys; {data}; print(flush=True); sys.stdin.read()"
    program = (
        f"import subprocess, sys, time; {data}; pipe = subprocess.PIPE; "
        f"below = subprocess.Popen([sys.executable, '-c', {below!r}], stdin=pipe, stdout=pipe, "
        "start_new_session=True); below.stdout.readline(); time.sleep(0.5); below.communicate()"
    )
    assert 200e6 < measuring.peak_memory((sys.executable, "-c", program)) < 280e6
