"""Forks are runs of the program like any other: the same answers as by a Python that starts anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anchoraudit.certificates.document import Certificate
from anchoraudit.cli import cli
from tests.builders import annotation, document, image, make
from tests.conftest import ROOT
from tests.forks import Forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux")

FILES = {
    "a.json.certificate.json": Certificate("0", "0" * 64, 9, 1, 1, 1, None, None, None, ".", {}, {}).text(),
    "a.json": document(
        [image(), image(2, file_name="b.jpg")],
        [annotation(), annotation(2, 2, [1, 1, 3, 3]), annotation(3, 1, [400, 300, 90, 40])],
    ),
}
RUNS = {
    "scan": ["a.json", "--images", "header", "--export-boxes", "boxes.csv"],
    "advise": ["a.json"],
    "blame": ["--dataset", "a.json", "--sampler", "sequential", "--batch-size", "2", "--step", "0"],
    "cluster": ["a.json", "--k", "2"],
    "compare": ["a.json"],
    "detectors": [],
    "export": ["a.json", "--to", "coco", "-o", "flagged.json"],
    "explain": ["2", "a.json"],
    "filter": ["a.json", "-o", "clean.json"],
    "formats": [],
    "init": ["a.json"],
    "rules": [],
    "verify": ["a.json"],
}


def anew(args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "anchoraudit", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", cli.list_commands(None))
def test_as_by_a_python_that_starts_anew(tmp_path, forks, command):
    """So each command is run cold as well: nothing that it needs is imported only by another one."""
    ran = []
    for name, way in (("fork", lambda *run: forks.run(*run, dict(os.environ))), ("new", anew)):
        folder = tmp_path / name / "work"
        make(folder, FILES)
        done = way([command, *RUNS[command]], folder)
        ran.append((done.returncode, done.stdout, done.stderr, files(folder)))
    assert ran[0] == ran[1]
    assert ran[0][0] in (0, 1)


def test_what_a_process_is_given_and_what_it_leaves(tmp_path, forks):
    make(tmp_path, FILES)
    wide, narrow = (
        forks.run(["scan", "a.json"], tmp_path, {**os.environ, "COLUMNS": columns})
        for columns in ("200", "50")
    )
    assert max(map(len, wide.stdout.splitlines())) > 100
    assert wide.stdout != narrow.stdout
    refused = forks.run(["scan", "nope"], tmp_path, dict(os.environ))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "nope" in refused.stderr
    assert Path.cwd() != tmp_path


def test_one_that_never_ends_is_killed(tmp_path, forks):
    make(tmp_path, FILES)
    done = forks.run(["advise", "a.json"], tmp_path, dict(os.environ), timeout=0.05)
    assert done.returncode == -9


def test_the_process_that_is_copied_ends_with_the_tests(tmp_path):
    started = Forks(ROOT)
    started.run(["--version"], tmp_path, dict(os.environ))
    started.end()
    assert started._process.returncode == 0
