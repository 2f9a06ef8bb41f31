"""Where a working directory, memory or room for a name is missing, a sentence says so; exit code 2."""

import os
import resource
import subprocess
import sys
import threading

import pytest

from anchoraudit.io import memory
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT
from tests.test_forks import RUNS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and folders as on Linux")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make(
        tmp_path, {"a.json": document([image(), image(2)], [annotation(), annotation(2, 2, [1, 1, 3, 3])])}
    )


@pytest.mark.parametrize(
    "command", [name for name in RUNS if name not in ("detectors", "formats", "rules", "verify")]
)
def test_a_working_directory_that_is_gone(here, capsys, monkeypatch, command):
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    args = [str(here / arg) if arg == "a.json" else arg for arg in RUNS[command]]
    assert run(command, *args) == 2
    assert capsys.readouterr().err == (
        "Error: the working directory does not exist any more; change to another one\n"
    )


LONG = "x/" * 50_000
CLASS = "c" * 1_000_000


@pytest.mark.parametrize(
    "args",
    [
        ["scan", LONG],
        ["scan", "a.json", "--detector", f"{LONG}a.toml"],
        ["scan", "a.json", "--anchors", f"{LONG}a.toml"],
        ["scan", "a.json", "--classes", f"{LONG}a.txt"],
        ["scan", "a.json", "--image-folder", LONG],
        ["scan", "a.json", "--baseline", LONG],
        ["scan", "a.json", "--split", LONG],
        ["scan", "a.json", "--select", LONG],
        ["scan", "a.json", "-o", LONG],
        ["scan", "a.json", "--report", f"{LONG}a.html"],
        ["scan", "a.json", "--export-images", f"{LONG}a.csv"],
        ["scan", "a.json", f"--{LONG}"],
        ["scan", "a.json", "--fail-on", LONG],
        ["scan", "a.json", "--limit", LONG],
        ["scan", "a.json", LONG],
        ["scan", "a.json", "--voc-offset", LONG],
        ["scan", "a.json", "--input-size", LONG],
        ["scan", "a.json", "--allowed-border", LONG],
        ["scan", "a.json", "--augment", LONG],
        ["explain", LONG, "a.json"],
        ["explain", "2", "a.json", "-o", f"{LONG}a.png"],
        ["filter", "a.json", "-o", f"{LONG}a.json"],
        ["filter", "a.json", "-o", "b.json", "--drop", LONG],
        ["cluster", "a.json", "--k", LONG],
        ["export", "a.json", "--to", "coco", "-o", LONG],
        ["detectors", "show", LONG],
        ["rules", "show", LONG],
        ["init", LONG],
        [LONG],
    ],
    ids=lambda args: " ".join(args).replace(LONG, "LONG"),
)
def test_a_path_without_end_is_shortened(here, capsys, args):
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert "Error: " in err
    assert "internal error" not in err
    assert len(out) + len(err) < 5_000


def test_a_class_name_without_end_is_shortened(here, capsys):
    make(
        here,
        {
            "a.json": document(
                [image(), image(2)],
                [annotation(), annotation(2, 2, [1, 1, 3, 3]), annotation(3, 1, [0, 0, -1, CLASS])],
                categories=[{"id": 1, "name": CLASS}, {"id": 2, "name": CLASS.upper()}],
            )
        },
    )
    for args in (
        ["scan", "a.json"],
        ["scan", "a.json", "--verbose"],
        ["scan", "a.json", "--classes"],
        ["scan", "a.json", "--output-format", "github"],
        ["scan", "a.json", "--output-format", "markdown"],
        ["scan", "a.json", "--output-format", "concise"],
        ["explain", "2", "a.json"],
        ["compare", "a.json", "--detector", "yolov5"],
        ["filter", "a.json", "-o", "b.json", "--fix", "--diff"],
        ["filter", "a.json", "-o", "b.json"],
        ["export", "a.json", "--to", "coco", "-o", "out"],
        ["advise", "a.json"],
    ):
        capsys.readouterr()
        assert run(*args) in (0, 1, 2)
        out, err = capsys.readouterr()
        assert "internal error" not in err
        assert len(out) + len(err) < 50_000, args


# ---- memory ----------------------------------------------------------------------------------------------


def limited(here, kibibytes, *args):
    """Run a new process that may have so much address space."""
    most = kibibytes << 10
    return subprocess.run(
        [sys.executable, "-m", "anchoraudit", *args],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("args", [["scan", "a.json"], ["cluster", "a.json", "--k", "1"]])
@pytest.mark.parametrize("kibibytes", [60_000, 100_000, 400_000])
def test_too_little_memory_is_said(here, args, kibibytes):
    """OpenBLAS alone would end the process with 1, as if images were flagged, or try for ever."""
    done = limited(here, kibibytes, *args)
    if done.returncode != 2:  # it was enough
        assert kibibytes == 400_000
        assert (args[0], done.returncode) in (("scan", 1), ("cluster", 0))
        assert ("1 of 2 images" if args[0] == "scan" else "mean IoU") in done.stdout
        return
    assert done.stdout == ""
    assert done.stderr.startswith("Error: not enough memory")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(12, "Cannot allocate memory"), "not enough memory"),
        (ImportError("libx.so: failed to map segment from shared object"), "not enough memory"),
        (ImportError("libx.so: cannot allocate memory in static TLS block"), "not enough memory"),
        (RuntimeError("can't start new thread"), "the system starts no more threads"),
        (ImportError("No module named x"), ""),
        (OSError(28, "No space left on device"), ""),
        (ValueError("cannot allocate memory"), ""),
    ],
)
def test_every_library_says_it_in_its_words(error, words):
    said = memory.shortage(error)
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_a_thread_that_cannot_start_is_said(here, capsys, monkeypatch):
    def refused(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    monkeypatch.setattr("anchoraudit.rules._MANY_BOXES", 0)
    assert run("scan", "a.json") == 2
    assert capsys.readouterr().err.startswith("Error: the system starts no more threads\n")


def test_a_worker_that_cannot_be_started_is_done_without(here, capsys, monkeypatch):
    make(here, {"1.jpg": (960, 720), "2.jpg": (960, 720)})

    def refused():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    reports = []
    for fork in (os.fork, refused):
        monkeypatch.setattr(os, "fork", fork)
        (here / ".anchoraudit/images.msgpack").unlink(missing_ok=True)
        assert run("scan", "a.json", "--images", "decode", "--output-format", "json") == 1
        reports.append(capsys.readouterr())
    assert reports[0] == reports[1]
    assert "IMG009" in reports[0].out
