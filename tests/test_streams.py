"""Streams that raise no error: what they write, and what they say is lost."""

import errno
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from anchoraudit.io import streams
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors as on POSIX")

FULL = Path("/dev/full")


@pytest.fixture
def stdout(monkeypatch):
    """Make a descriptor the stdout of this process, as Python does, buffered or not, and prepare it."""

    def made(descriptor, **options):
        if options.get("write_through"):
            below = io.FileIO(descriptor, "w", closefd=False)
        else:
            below = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(below, encoding="ascii", **options))
        streams.prepare()
        return sys.stdout

    return made


@pytest.mark.parametrize("options", [{}, {"line_buffering": True}, {"write_through": True}])
def test_what_is_printed_arrives(tmp_path, stdout, options):
    with (tmp_path / "out").open("wb") as file:
        print("a\nb \N{SNOWMAN}", file=stdout(file.fileno(), **options))
        if options:  # what is printed is there at once
            assert (tmp_path / "out").read_bytes() == b"a\nb \\u2603\n"
        print("c", end="")
        assert streams.lost_of_stdout() is None
    assert (tmp_path / "out").read_bytes() == b"a\nb \\u2603\nc"


@pytest.mark.parametrize("options", [{}, {"line_buffering": True}, {"write_through": True}])
def test_a_pipe_without_a_reader_takes_everything(stdout, options):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        stdout(writer, **options).writelines(f"{'x' * 99}\n" for _ in range(2000))
        assert streams.lost_of_stdout() is None
    finally:
        os.close(writer)


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
def test_a_full_disk_is_told(stdout):
    with FULL.open("wb", 0) as file:
        print("x", file=stdout(file.fileno()))
        print("y")
        lost = streams.lost_of_stdout()
        assert lost is not None
        assert lost.errno == errno.ENOSPC


@pytest.mark.parametrize("options", [{}, {"write_through": True}])
def test_a_pipe_that_does_not_block_is_waited_for(stdout, options):
    """Another program that shares a terminal or a pipe may have set it so."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    text = "".join(f"{number}\n" for number in range(100_000))
    read = []

    def read_all():
        with os.fdopen(reader, encoding="ascii") as file:
            read.append(file.read())

    prepared = stdout(writer, **options)
    thread = threading.Timer(0.1, read_all)  # until then, the pipe is full
    thread.start()
    prepared.write(text)
    assert streams.lost_of_stdout() is None
    os.close(writer)
    thread.join()
    assert read == [text]


def test_a_stream_that_is_closed_takes_everything(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    streams.prepare()
    streams.prepare()  # the first one's descriptor stays open
    print("x" * 100_000)
    assert streams.lost_of_stdout() is None


def test_no_file_takes_the_place_of_a_closed_stream():
    """Else what a library prints would be written into it."""
    script = "import os; from anchoraudit.io.streams import open_all; open_all(); os._exit(os.open('.', 0))"
    closed = {"preexec_fn": lambda: (os.close(0), os.close(1))}
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, **closed, check=False).returncode == 3


def test_other_streams_stay(capsys, monkeypatch):
    own = io.StringIO()
    monkeypatch.setattr(sys, "stdout", own)
    streams.prepare()
    assert sys.stdout is own
    assert streams.lost_of_stdout() is None
