"""Engines: the same bytes from each, whatever dies on the way."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import AnchorauditError, audit_partitions, merge
from anchoraudit.io.signals import INTERRUPTED
from anchoraudit.partitions.engines import ATTEMPTS, Failed, engine, engine_names, for_little
from anchoraudit.partitions.engines._meanwhile import Meanwhile
from anchoraudit.partitions.engines.dask import DaskEngine
from anchoraudit.partitions.engines.local import LocalEngine
from tests.test_partitions import drawn, write

pytest.importorskip("pyarrow")

ROOT = Path(__file__).resolve().parents[1]
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="THE ENGINE DASK IS NOT TESTED: pip install distributed"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "shards", drawn(120), 5)


@pytest.fixture(scope="module")
def expected(shards):
    """What one process says."""
    return merge(audit_partitions(shards, "yolov5", workers=1))


@pytest.fixture(scope="module")
def local():
    with engine("local", workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def dask():
    import anchoraudit.formats.kitti  # noqa: F401  so that it was imported before the workers begin

    with engine("dask", workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def cluster():
    """The address of a Dask cluster with two workers."""
    from anchoraudit.partitions.engines._dask_here import cluster_here

    with cluster_here(2) as started:
        yield started.address


@pytest.fixture(params=["local", pytest.param("dask", marks=needs_dask)])
def running(request):
    """An engine with two workers."""
    return request.getfixturevalue(request.param)


class Killing:
    """An engine whose worker kills itself, a number of times, when it begins one of the tasks."""

    def __init__(self, running, folder, times, only=None):
        self.running, self.folder, self.times, self.only = running, folder, times, only

    def each(self, work, common, tasks):
        if self.only in (None, work.__name__):
            work = partial(dying, work, str(self.folder), self.times)
        return self.running.each(work, common, tasks)

    @property
    def deaths(self):
        return len(list(self.folder.iterdir()))


def dying(work, folder, times, common, task):
    died = len(list(Path(folder).iterdir()))
    if getattr(task, "number", task) == 2 and died < times:
        Path(folder, str(died)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(common, task)


def tenfold(common, task):
    if task == 1:
        raise AnchorauditError(f"{common} has no 1", remedy="Take another.")
    if task == 2:
        raise ValueError("two\nand more")
    return 10 * task


def slowly(_common, task):
    time.sleep(0.2)
    return task


def imported_at(_common, _task):
    return [name for name in sys.modules if name.startswith("anchoraudit.")]


class TestTheContract:
    def test_results_and_failures_by_index(self, running):
        found = dict(running.each(tenfold, "this", [3, 1, 2, 0]))
        assert found == {
            0: 30,
            1: Failed("this has no 1", remedy="Take another."),
            2: Failed("ValueError: two"),
            3: 0,
        }

    def test_no_task(self, running):
        assert list(running.each(tenfold, "this", [])) == []

    def test_a_worker_killed_twice_shows_in_nothing(self, running, shards, expected, tmp_path):
        killing = Killing(running, tmp_path, 2)
        assert merge(audit_partitions(shards, "yolov5", engine=killing)).to_json() == expected.to_json()
        assert killing.deaths == 2

    @pytest.mark.parametrize(
        ("running", "only"),
        [
            *(("local", "_ends_of"), ("local", "audit_part")),
            pytest.param("dask", "audit_part", marks=needs_dask),
        ],
        indirect=["running"],
    )
    def test_a_part_that_always_kills_is_named_and_hides_no_other(
        self, running, shards, expected, tmp_path, only
    ):
        killing = Killing(running, tmp_path, 99, only)
        found = merge(audit_partitions(shards, "yolov5", engine=killing))
        assert ATTEMPTS <= killing.deaths < 99
        assert list(found.failed) == [2]
        assert "was killed" in found.failed[2]
        (finding,) = found.findings.of("PAR001")
        assert finding.path == "part-2.parquet"
        missing = expected.summary()["images"] - found.summary()["images"]
        assert 15 < missing < 30
        assert set(found.parts) == set(range(len(found.parts)))

    def test_progress_counts_parts(self, running, shards):
        told = []
        list(
            audit_partitions(shards, "yolov5", engine=running, progress=lambda *numbers: told.append(numbers))
        )
        assert told == [
            *(("looking", i, 5) for i in range(1, 6)),
            *(("auditing", i, 6) for i in range(1, 7)),
        ]

    def test_same_bytes(self, running, shards, expected):
        assert merge(audit_partitions(shards, "yolov5", engine=running)).to_json() == expected.to_json()


class TestMeanwhile:
    """The engine local does tasks until another one is ready."""

    class Here:
        """An engine of this process."""

        def each(self, work, common, tasks):
            return ((index, work(common, task)) for index, task in enumerate(tasks))

    @pytest.mark.parametrize("ready_after", [0, 3, 9])
    def test_each_task_is_done_once_here_or_there(self, ready_after):
        begun, asked = [], iter(range(99))
        both = Meanwhile(
            LocalEngine(2), self.Here(), lambda: begun.append(1), lambda: next(asked) >= ready_after
        )
        found = list(both.each(where, None, range(9)))
        assert begun == [1]
        assert sorted(index for index, _ in found) == list(range(9))
        assert all(task == index for index, (task, _) in found)
        assert [pid for _, (_, pid) in found].count(os.getpid()) == 9 - ready_after

    def test_what_was_begun_ends_once_the_other_one_is_ready(self):
        both = Meanwhile(LocalEngine(2), self.Here(), lambda: None, iter([False, True]).__next__)
        before = children(os.getpid())
        results = both.each(where, None, range(9))
        next(results)
        assert children(os.getpid()) > before
        next(results)
        assert children(os.getpid()) == before

    def test_only_an_engine_that_must_start_has_one(self, local):
        assert for_little(local) is local
        dask = DaskEngine(lambda: None)
        assert for_little(dask) is dask  # a cluster is there


def where(_common, task):
    return task, os.getpid()


def test_there_are_two():
    assert engine_names() == ["dask", "local"]


def test_without_dask(monkeypatch, shards):
    monkeypatch.setattr("anchoraudit.partitions.engines.dask.find_spec", lambda _: None)
    with pytest.raises(AnchorauditError, match="needs the packages dask and distributed") as error:
        list(audit_partitions(shards, engine="dask"))
    assert error.value.remedy == "pip install 'anchoraudit[dask]'"


@needs_dask
class TestDask:
    @linux
    def test_without_tasks_no_worker_starts_and_nothing_is_left(self):
        before = children(os.getpid())
        with engine("dask", workers=1) as running:
            assert list(running.each(tenfold, "this", [])) == []
            (own,) = (pid for pid, session in children(os.getpid()) - before if session == pid)
            assert not children(own)
        assert children(os.getpid()) <= before

    def test_what_nobody_asks_for_workers_ends_with_its_input(self, tmp_path):
        from anchoraudit.partitions.engines._dask_here import _PROGRAM

        command = [sys.executable, "-c", _PROGRAM, "1", str(tmp_path)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=env, timeout=60
        )
        assert (ended.stdout, ended.stderr) == (b"", b"")

    def test_what_takes_little_is_done_here_while_workers_start(self):
        with engine("dask", workers=1) as running:
            before = os.getpid()
            ((_, (_, pid)),) = for_little(running).each(where, None, [0])
            assert pid != before
            (_, (_, again)), (_, (_, other)) = running.each(where, None, [0, 1])
            assert again == other != pid
            ((_, (_, pid)),) = for_little(running).each(where, None, [0])
            assert pid == other  # now the worker is there

    @linux
    def test_workers_begin_with_what_was_imported(self, dask):
        found = dict(dask.each(imported_at, None, range(8)))
        assert all("anchoraudit.formats.kitti" in names for names in found.values())

    @linux
    def test_a_scheduler_that_ends_is_told_and_no_part_is_blamed(self):
        before = children(os.getpid())
        with engine("dask", workers=1) as running:
            results = running.each(slowly, None, range(9))
            next(results)
            (own,) = (pid for pid, session in children(os.getpid()) - before if session == pid)
            scheduler, _worker = sorted(pid for pid, _ in children(own))
            os.kill(scheduler, signal.SIGKILL)
            with pytest.raises(AnchorauditError, match="the connection to the Dask scheduler was lost"):
                list(results)

    @pytest.mark.parametrize("workers", [None, 1])
    def test_a_cluster_by_its_address(self, shards, expected, cluster, workers):
        found = audit_partitions(shards, "yolov5", engine="dask", scheduler=cluster, workers=workers)
        assert merge(found).to_json() == expected.to_json()

    def test_a_worker_of_another_version_is_refused(self, shards, cluster, monkeypatch):
        monkeypatch.setattr(anchoraudit, "__version__", "99.0")
        with pytest.raises(AnchorauditError, match=r"has anchoraudit .*, and this is 99\.0") as error:
            list(audit_partitions(shards, engine="dask", scheduler=cluster))
        assert "pip install 'anchoraudit==99.0'" in error.value.remedy

    def test_a_cluster_without_workers(self, shards, monkeypatch):
        from anchoraudit.partitions.engines._dask_here import cluster_here

        monkeypatch.setattr("anchoraudit.partitions.engines.dask._WITHOUT_WORKERS", 0.5)
        with cluster_here(0) as cluster:
            with pytest.raises(AnchorauditError, match="has had no worker") as error:
                list(audit_partitions(shards, engine="dask", scheduler=cluster.address))
            assert error.value.remedy == f"Start one: dask worker {cluster.address}"

    def test_what_takes_connections_and_says_nothing(self, shards, monkeypatch):
        monkeypatch.setattr("anchoraudit.partitions.engines.dask._CONNECTING", 0.5)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(AnchorauditError, match=f"scheduler {address} within 0.5 s"):
                list(audit_partitions(shards, engine="dask", scheduler=address))

    @pytest.mark.parametrize(
        ("address", "said"), [("nonsense", "missing port"), ("ftp://127.0.0.1:1", "unknown address scheme")]
    )
    def test_what_is_no_address(self, shards, address, said):
        with pytest.raises(AnchorauditError, match=said):
            list(audit_partitions(shards, engine="dask", scheduler=address))

    def test_a_script_is_not_run_by_its_one_worker(self, shards, expected, tmp_path):
        script, temporary = tmp_path / "script.py", tmp_path / "t"
        temporary.mkdir()
        script.write_text(
            "from anchoraudit import audit_partitions, merge\n"
            f"parts = audit_partitions({str(shards)!r}, 'yolov5', engine='dask', workers=1)\n"
            "print(merge(parts).to_json(), end='')\n"
        )
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
            check=False,
        )
        assert (done.stdout, done.stderr) == (expected.to_json(), "")
        assert list(temporary.iterdir()) == []

    @linux
    def test_nothing_is_left_among_the_temporary_files(self, shards, tmp_path_factory):
        """Though their folder's name is so long that it leaves no room for a socket's path."""
        temporary = Path(tempfile.gettempdir(), "t" * 60 + str(os.getpid()))
        temporary.mkdir()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "anchoraudit", "scan", str(shards), "--engine", "dask", "--quiet"],
                capture_output=True,
                text=True,
                cwd=tmp_path_factory.mktemp("run"),
                env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
                check=False,
            )
            assert (done.returncode, done.stderr) == (1, "")
            assert list(temporary.iterdir()) == []
        finally:
            shutil.rmtree(temporary)

    @linux
    def test_interrupted_it_says_so_and_leaves_nothing(self, shards, tmp_path):
        scan = subprocess.Popen(
            [sys.executable, "-m", "anchoraudit", "scan", str(shards), "--engine", "dask"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
            start_new_session=True,
        )
        below = []
        while not below and scan.poll() is None:
            time.sleep(0.02)
            below = [pid for pid, session in children(scan.pid) if session != scan.pid]
        os.killpg(scan.pid, signal.SIGINT)
        _, errors = scan.communicate()
        if scan.returncode == 130:  # or else it was done before
            assert errors == f"{INTERRUPTED}\n"
        while any(Path(f"/proc/{pid}/cmdline").exists() for pid in below):
            time.sleep(0.02)
        assert not [path.name for path in tmp_path.iterdir() if path.name != ".anchoraudit"]


def children(pid):
    """(process, its session) of all that a process started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, parent, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(parent) == pid:
            found.add((int(stat.parent.name), int(session)))
    return found
