"""Every named output is the old file or the new one, whole, whatever ends the program.

`tests.interrupts` runs each command that writes, and sends a signal at each line of the code that writes.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from anchoraudit.advice.advise import MARK
from anchoraudit.cli import _bar
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from anchoraudit.images.inspection import look
from anchoraudit.io import outputs, processes, signals, steps
from anchoraudit.io.outputs import afterwards, make_folder, replacing, scratch_folder, together, write_text
from tests.builders import annotation, document, image, make
from tests.conftest import SAMPLE
from tests.interrupts import content

COCO, VOC = str(SAMPLE / "coco"), str(SAMPLE / "voc")
OLD = f"# {MARK}: what was here before\n"  # `advise` replaces only what it has written itself
# Each command that writes: its words, and its outputs.
WRITERS = {
    "scan": (
        [
            *("scan", COCO, "--export-images", "i.csv", "--export-boxes", "b.parquet", "-o", "out.json"),
            *("--output-format", "json", "--write-baseline", "--exit-zero"),
        ],
        ["i.csv", "b.parquet", "anchoraudit-baseline.json", "out.json"],
    ),
    "filter": (
        ["filter", COCO, "-o", "{split}.json", "--dropped", "d.csv", "--force"],
        ["train.json", "val.json", "d.csv"],
    ),
    "filter to COCO": (["filter", VOC, "-o", "m.json", "--force"], ["m.json"]),
    "export": (
        ["export", COCO, "--to", "cvat", "-o", "new/out", "--force"],
        ["new/out/annotations.xml", "new/out/labels.json"],
    ),
    "cluster": (["cluster", COCO, "--k", "2", "-o", "a.toml"], ["a.toml"]),
    "explain": (["explain", "1", COCO, "--split", "train", "-o", "x.png"], ["x.png"]),
    "init": (["init", COCO, "-o", "a.toml", "--force"], ["a.toml"]),
    "compare": (["compare", COCO, "--detector", "reference", "-o", "c.txt"], ["c.txt"]),
    "advise": (["advise", "in.json", "--write-detector", "d.toml", "-o", "a.txt"], ["d.toml", "a.txt"]),
}
LEFT_OVER = re.compile(r"(.*/)?\.anchoraudit-[0-9a-f]{8}-\d+-\d+-[0-9a-f]{16}\.tmp(/.*)?")

linux = pytest.mark.skipif(sys.platform != "linux", reason="makes copies of processes")


class Writer:
    """A command, the files before and after it, and ways to run it."""

    def __init__(self, name, work, forks):
        self.words, self.outputs = WRITERS[name]
        self.work, self.forks = work, forks
        (work / "tmp").mkdir()  # where the system would have its temporary files
        if "in.json" in self.words:  # so few boxes that remedies are soon replayed
            boxes = [annotation(i, i, [100, 100, 30, 30 + i]) for i in range(2)]
            make(work, {"in.json": document([image(0), image(1)], boxes)})
        assert self.run().returncode == 0  # also makes the cache of image files
        self.new = content(work)
        self.sizes = sorted((work / output).stat().st_size for output in self.outputs)
        for i, output in enumerate(self.outputs):
            if i % 2:
                (work / output).unlink()
            else:
                (work / output).write_text(OLD)
        if name == "export":  # makes its folder, and the one above it
            shutil.rmtree(work / "new")
        self.old = content(work)

    def run(self, words=None, **asked):
        program, first = ("tests.interrupts", [json.dumps(asked)]) if asked else ("anchoraudit.__main__", [])
        env = {**os.environ, "TMPDIR": str(self.work / "tmp"), "COLUMNS": "100"}
        return self.forks.run([*first, *(words or self.words)], self.work, env, program=program)

    def seen(self, **asked):
        done = self.run(**asked)
        assert done.stderr == ""
        return json.loads(done.stdout)


@pytest.fixture
def writer(request, tmp_path, forks):
    (tmp_path / "work").mkdir()
    return Writer(request.param, tmp_path / "work", forks)


def writers(*names):
    return pytest.mark.parametrize("writer", names or list(WRITERS), indirect=True)


@linux
@writers()
def test_a_signal_at_each_line_leaves_all_old_or_all_new(writer):
    # Twice where the code that writes is used in all its ways, with names of its own and in new folders.
    seen = writer.seen(mode="lines", times=2 if writer.words[0] in ("scan", "export") else 1)
    assert len({one["line"] for one in seen}) > 60
    for one in seen:
        assert (one["code"], one["words"]) == (128 + one["signal"], f"{signals.INTERRUPTED}\n"), one
        assert one["files"] in (writer.old, writer.new), one
    assert {one["files"] == writer.new for one in seen} == {False, True}
    # What SIGKILL would leave there: each output whole, and beside them only what the next run removes.
    for one in seen:
        for output in writer.outputs:
            assert one["killed"].get(output) in (writer.old.get(output), writer.new.get(output)), one
        others = one["killed"].keys() - writer.old.keys() - writer.new.keys()
        assert all(LEFT_OVER.fullmatch(name) for name in others), one
    assert any(LEFT_OVER.fullmatch(name) for one in seen for name in one["killed"])


@linux
@writers("scan", "export")
def test_a_second_signal_while_the_first_one_is_handled(writer):
    seen = writer.seen(mode="again", flush=len(writer.outputs))
    assert len({one["line"] for one in seen}) > 15
    for one in seen:
        # Of the first, which was Ctrl-C; of the second where the first was not yet taken note of.
        assert one["code"] in (130, 128 + one["signal"]), one
        assert one["words"] in ("", f"{signals.INTERRUPTED}\n"), one  # the first may have said so already
        assert one["files"] == writer.old, one


@linux
@writers("scan", "filter to COCO", "export")
def test_the_next_run_removes_what_a_killed_one_left(writer):
    left = 0
    for at in (40, 120):
        assert writer.run(mode="kill", at=at).returncode == -9
        left += any(LEFT_OVER.fullmatch(name) for name in content(writer.work))
        assert writer.run().returncode == 0
        assert content(writer.work) == writer.new
    assert left


@linux
@writers("scan", "filter", "export")
def test_no_room_for_one_output_leaves_all_as_they_were(writer):
    for most in (0, writer.sizes[0], writer.sizes[-1] - 1):
        done = writer.run(mode="limit", bytes=most)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.search(r"^Error: \S+: cannot be written: File too large\n  \w.*\.$", done.stderr, re.M)
        assert content(writer.work) == writer.old


@linux
@writers("scan")
def test_an_output_that_cannot_be_written_leaves_the_others_as_they_were(writer):
    for place, why in (
        ("/dev/full", "No space left on device"),
        ("no/such/place", "No such file or directory"),
        ("/sys/place", "Permission denied|Read-only file system|Operation not permitted"),
    ):
        done = writer.run([place if word == writer.outputs[-1] else word for word in writer.words])
        assert (done.returncode, done.stdout) == (2, "")
        assert re.search(rf"^Error: {place}: cannot be written: ({why})\n  \w.*\.$", done.stderr, re.M)
        assert content(writer.work) == writer.old


@linux
@pytest.mark.parametrize("name", WRITERS)
def test_without_a_working_directory(name, tmp_path, forks):
    folder = tmp_path / "gone"
    folder.mkdir()
    asked = json.dumps({"mode": "gone"})
    done = forks.run([asked, *WRITERS[name][0]], folder, dict(os.environ), program="tests.interrupts")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the working directory does not exist any more; change to another one" in done.stderr
    assert not folder.exists()


class TestTogether:
    def test_all_are_renamed_at_the_end(self, here):
        Path("a").write_text("old")
        with together():
            write_text(Path("a"), "new")
            write_text(Path("b"), "new")
            assert Path("a").read_text() == "old"
            assert not Path("b").exists()
        assert {path.name: path.read_text() for path in here.iterdir()} == {"a": "new", "b": "new"}

    def test_a_block_within_another_is_a_part_of_it(self, here):
        with pytest.raises(ZeroDivisionError), together():
            with together():
                write_text(Path("a"), "new")
            1 / 0  # noqa: B018
        assert list(here.iterdir()) == []

    def test_an_error_that_somebody_catches(self, here):
        with together():
            with contextlib.suppress(ZeroDivisionError), replacing(Path("a")):
                1 / 0  # noqa: B018
            write_text(Path("b"), "new")
        assert [path.name for path in here.iterdir()] == ["b"]

    @pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
    @pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
    @pytest.mark.parametrize("failing", [0, 1, 2])
    def test_a_rename_that_fails_takes_back_those_before(self, here, monkeypatch, failing, error, links):
        for name in "ac":
            Path(name).write_text(f"old {name}")
        rename = Path.replace

        def replace(path, target):
            if target.name == "abc"[failing]:
                monkeypatch.setattr(Path, "replace", rename)
                raise error
            return rename(path, target)

        def no_link(*_):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(Path, "replace", replace)
        if not links:
            monkeypatch.setattr(Path, "hardlink_to", no_link)
        with pytest.raises((AnchorauditError, KeyboardInterrupt)) as raised, together():
            for name in "abc":
                write_text(Path(name), "new")
        assert {path.name: path.read_text() for path in here.iterdir()} == {"a": "old a", "c": "old c"}
        if isinstance(error, OSError):
            assert f"{'abc'[failing]}: cannot be written: Input/output error" in str(raised.value)

    def test_what_follows_is_done_once_the_files_are_there(self, here):
        done = []
        with together():
            write_text(Path("a"), "new")
            afterwards(lambda: done.append(Path("a").read_text()))
            assert done == []
        assert done == ["new"]
        afterwards(lambda: done.append("at once"))
        with pytest.raises(ZeroDivisionError), together():
            afterwards(lambda: done.append("never"))
            1 / 0  # noqa: B018
        assert done == ["new", "at once"]

    def test_folders_go_again_if_nothing_is_written(self, here):
        make_folder(Path("there"))
        with pytest.raises(ZeroDivisionError), together():
            make_folder(Path("there/a/b"))
            make_folder(Path("kept"))
            Path("kept/file").write_text("by somebody else")
            1 / 0  # noqa: B018
        assert sorted(map(str, here.rglob("*"))) == [
            str(here / name) for name in ("kept", "kept/file", "there")
        ]

    def test_own_files_are_not_a_part(self, here):
        with pytest.raises(ZeroDivisionError), together():
            write_text(Path("a"), "new", own=True)
            write_text(Path("b"), "new")
            1 / 0  # noqa: B018
        assert [path.name for path in here.iterdir()] == ["a"]

    def test_permissions(self, here):
        Path("a").touch(mode=0o640)
        with together():
            write_text(Path("a"), "new")
            write_text(Path("b"), "new")
        mask = os.umask(0)
        os.umask(mask)
        modes = [stat.S_IMODE(Path(name).stat().st_mode) for name in "ab"]
        assert modes == [0o640, 0o666 & ~mask]


@linux
class TestLeftOver:
    """Only what a process has left that has died, under a name that this program gives, goes."""

    def left(self, here, names, age=0):
        for name in names:
            Path(name).touch()
            os.utime(name, (time.time() - age,) * 2)
        write_text(Path("output"), "")
        return sorted({path.name for path in here.iterdir()} - {"output"})

    def name(self, place=None, pid=None, start=None):
        own = outputs._TEMPORARY.fullmatch(outputs._new_name())
        place = own["place"] if place is None else place
        return f".anchoraudit-{place}-{pid or own['pid']}-{start or own['start']}-{'0' * 16}.tmp"

    def dead(self):
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return pid

    def test_of_a_process_that_has_died(self, here):
        assert self.left(here, [self.name(pid=self.dead())]) == []

    def test_of_a_process_that_lives(self, here):
        names = [self.name(), self.name(pid=os.getppid(), start=outputs._started(os.getppid()))]
        assert self.left(here, names, age=1e8) == sorted(names)

    def test_of_one_that_has_ended_and_nobody_has_asked_how(self, here):
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert self.left(here, [self.name(pid=pid)]) == []
        os.waitpid(pid, 0)

    def test_the_number_is_another_process_now(self, here):
        assert self.left(here, [self.name(start=1)]) == []

    def test_of_another_machine_or_container(self, here):
        name = self.name(place="00000000", pid=self.dead())
        assert self.left(here, [name], age=6 * 24 * 3600) == [name]
        assert self.left(here, [name], age=8 * 24 * 3600) == []

    def test_other_names(self, here):
        dead = self.name(pid=self.dead())
        names = [dead[1:], f"{dead}.json", f"x{dead}", dead.replace("-", "_"), ".anchoraudit-notes.tmp"]
        assert self.left(here, names, age=1e8) == sorted(names)

    def test_what_is_no_file(self, here):
        folder, link = self.name(pid=self.dead()), self.name(pid=self.dead(), start=7)
        Path(folder).mkdir()
        Path("file").touch()
        Path(link).symlink_to("file")
        assert self.left(here, []) == sorted(["file", folder, link])

    def test_scratch_folders(self, here, monkeypatch):
        monkeypatch.setattr(outputs.tempfile, "gettempdir", lambda: str(here))
        folder = Path(self.name(pid=self.dead()))
        folder.mkdir()
        (folder / "file").touch()
        with scratch_folder() as own:
            assert [path.name for path in here.iterdir()] == [own.name]
            assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert list(here.iterdir()) == []


def wait_for_ever(send):
    time.sleep(600)


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_worker(number):
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        signals.install()
        with processes.workers(wait_for_ever, [(), ()]) as started:
            os.write(writer, json.dumps([process.pid for process, _ in started]).encode())
            time.sleep(600)
        os._exit(1)
    workers = json.loads(os.read(reader, 1000))
    os.kill(pid, number)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + number
    assert len(workers) == 2
    deadline = time.monotonic() + 60
    while any(outputs._started(worker) != -1 for worker in workers):  # they die a moment later
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.close(reader)
    os.close(writer)


@linux
def test_a_signal_to_a_worker_leaves_the_files_of_its_parent(here):
    if (pid := os.fork()) == 0:
        signals.install()
        with together():
            write_text(Path("a"), "new")
            if (worker := os.fork()) == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            ended = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        os._exit(ended)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 143  # of the worker
    assert Path("a").read_text() == "new"


@linux
def test_a_signal_leaves_what_was_learned_of_pictures(tmp_path):
    make(
        tmp_path, {f"{i}.png": (4, 3) for i in range(9)} | {"a.json": document([image(1, file_name="1.png")])}
    )
    dataset, cache = read(tmp_path / "a.json"), tmp_path / "cache"

    def stop(done, of):
        os.kill(os.getpid(), signal.SIGTERM)

    if (pid := os.fork()) == 0:
        signals.install()
        look(dataset, "decode", cache=cache, progress=stop)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 143
    assert look(dataset, "decode", cache=cache).cached == 1


def test_a_signal_takes_the_bar_away(monkeypatch):
    monkeypatch.setattr(_bar, "_PATIENCE", 60)  # so that it is painted once
    leader, terminal = os.openpty()
    bar = _bar.Bar(terminal)
    with bar.running():
        steps.step("counting", 3, 4, holds=True)
        shown = b"\rcounting  [##################      ]  3 of 4"
        assert os.read(leader, 999) == shown
        ((action, optional),) = signals._State.actions
        action()
        assert (os.read(leader, 999), optional) == (b"\r" + b" " * (len(shown) - 1) + b"\r", False)
    assert signals._State.actions == []
    os.close(leader)
    os.close(terminal)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
def test_ignored_signals_stay_ignored():
    """`nohup anchoraudit ...` outlives its terminal."""
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signals.install()
        handlers = [signal.getsignal(number) for number in numbers]
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    assert handlers == [signals._handle, signals._handle, signal.SIG_IGN]
