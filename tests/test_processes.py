"""Processes beside this one: how many pay, and that no answer depends on them."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from anchoraudit import load_detector, read
from anchoraudit.advice import compare as comparing
from anchoraudit.formats.coco import chunks
from anchoraudit.formats.voc import pool as voc_pool
from anchoraudit.images import pool as images_pool
from anchoraudit.io import processes
from anchoraudit.io.processes import each_apart

PARENT = os.getpid()
needs_fork = pytest.mark.skipif(not processes.can_fork(), reason="processes that inherit: Linux only")


@pytest.fixture
def machine(monkeypatch):
    """Set a machine's cores, those of them that this process may use, and its load."""

    def set_to(cores=4, usable=None, load=0.0, fork=True):
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(usable or cores)), raising=False)
        monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
        monkeypatch.setattr(processes, "can_fork", lambda: fork)

    return set_to


class TestHowManyPay:
    def test_one_for_each_other_core(self, machine):
        machine(cores=4)
        assert processes.helpers(100, fork=100) == 3
        machine(cores=4, usable=2)
        assert processes.helpers(100, fork=100) == 1
        machine(cores=1)
        assert processes.helpers(100, fork=100) == 0

    def test_none_for_little_work(self, machine):
        machine()
        assert processes.helpers(99, fork=100) == 0
        machine(fork=False)
        assert [processes.helpers(n, fork=1, spawn=100) for n in (99, 100)] == [0, 3]
        assert processes.helpers(100, fork=1) == 0

    @pytest.mark.parametrize(("load", "expected"), [(0, 1), (1.9, 1), (3.9, 1), (4, 0), (20, 0)])
    def test_none_on_a_busy_machine(self, machine, load, expected):
        machine(cores=2, load=load)
        assert processes.helpers(100, fork=1) == expected

    def test_where_nobody_tells_the_load(self, machine, monkeypatch):
        machine(cores=2)
        monkeypatch.delattr(os, "getloadavg")
        assert processes.helpers(100, fork=1) == 1

        def unknown():
            raise OSError

        monkeypatch.setattr(os, "getloadavg", unknown, raising=False)
        assert processes.helpers(100, fork=1) == 1

    def test_none_in_a_daemon(self, machine, monkeypatch):
        machine(fork=False)
        monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
        assert processes.helpers(100, fork=1, spawn=1) == 0

    def test_readers_ask(self, machine, monkeypatch, tmp_path):
        """COCO, VOC and pictures start nothing on a busy machine; only what may crash is done apart."""

        def started(work, shares):
            counts.append(len(shares))
            return workers(work, shares)

        workers = processes.workers
        for module in (processes, chunks, images_pool):
            monkeypatch.setattr(module, "workers", started)
        monkeypatch.setattr(chunks, "WORTH_IT", 0)
        coco = tmp_path / "a.json"
        coco.write_text('{"images": [], "annotations": [{"id": 1}, {"id": 2}, {"id": 3}]}')
        paths = [str(tmp_path / f"{n}.jpg") for n in range(2000)]

        def run():
            counts.clear()
            chunks.decode_in_chunks(coco)
            voc_pool.scan_all(paths)
            images_pool.read_all(paths, "header", lambda *_: None)
            images_pool.read_all(paths[:3], "decode", lambda *_: None)
            return [count for count in counts if count]

        counts = []
        machine(cores=2, load=20)
        assert run() == [1]
        machine(cores=2, load=0)
        assert run() == [1, 1, 2, 2]


def square(number):
    return number * number


def died(number):
    if os.getpid() != PARENT:
        os._exit(1)
    return number * number


def died_late(number):
    return died(number) if number > 5 else number * number


def raises(number):
    raise RuntimeError(number)


def slow_elsewhere(number):
    if os.getpid() != PARENT:
        time.sleep(60)
    return number * number


class TestSharedOut:
    @pytest.mark.parametrize("beside", [-1, 0, 1, 2, 5, 50])
    @pytest.mark.parametrize("pieces", [0, 1, 2, 20])
    def test_every_piece_once(self, pieces, beside):
        with processes.shared_out(square, list(range(pieces)), beside) as results:
            assert sorted(results()) == [(n, n * n) for n in range(pieces)]

    @needs_fork
    @pytest.mark.parametrize("work", [died, died_late, slow_elsewhere])
    def test_what_another_does_not_deliver_is_done_here(self, work):
        with processes.shared_out(work, list(range(20)), 2) as results:
            assert sorted(results()) == [(n, n * n) for n in range(20)]
        assert multiprocessing.active_children() == []

    @pytest.mark.parametrize("beside", [0, 2])
    def test_an_error_is_raised_here(self, beside):
        with processes.shared_out(raises, [1, 2, 3], beside) as results, pytest.raises(RuntimeError):
            list(results())

    @needs_fork
    def test_the_others_start_on_entering(self, tmp_path):
        told = tmp_path / "told"
        with processes.shared_out(partial(process_of, told), list(range(10)), 1) as results:
            while not told.exists():
                time.sleep(0.01)
            found = dict(results())
        assert found[0] != PARENT


def process_of(told, number):
    if number == 1:
        told.touch()  # so the first has been sent
    return os.getpid()


@needs_fork
@pytest.mark.parametrize("load", [0, 20])
def test_a_comparison_is_the_same_by_two(machine, monkeypatch, load):
    dataset = read(Path(__file__).parent.parent / "sample_data" / "coco")
    names = ["reference", "yolov5", "detectron2-retinanet", "torchvision-fasterrcnn_resnet50_fpn"]
    detectors = [load_detector(name) for name in names]
    expected = comparing.compare(dataset, detectors)
    machine(cores=2, load=load)
    monkeypatch.setattr(comparing, "_WORTH_A_PROCESS", 0)
    seen = []
    compared = comparing.compare(dataset, detectors, progress=lambda *now: seen.append(now))
    assert compared == expected
    assert [one.detector for one in compared] == names
    assert seen == [(n, 4) for n in range(1, 5)]


def _pid_or_die(piece):
    """Return which process did a piece; a piece with a file that is not there makes the file, and dies."""
    if isinstance(piece, Path) and not piece.exists():
        piece.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@needs_fork
class TestPiecesInARow:
    def test_a_process_does_several_pieces(self):
        found = dict(each_apart(_pid_or_die, list(range(40)), 2, in_a_row=4))
        assert sorted(found) == list(range(40))
        assert os.getpid() not in found.values()
        assert max(Counter(found.values()).values()) == 4

    def test_no_more_processes_than_pieces_need(self):
        found = dict(each_apart(_pid_or_die, list(range(20)), 2, in_a_row=32))
        assert sorted(found) == list(range(20))
        assert len({*found.values()}) == 2

    def test_each_has_its_own_by_default(self):
        assert max(Counter(dict(each_apart(_pid_or_die, list(range(6)), 2)).values()).values()) == 1

    def test_what_a_dead_process_had_left_is_done(self, tmp_path):
        pieces = [tmp_path / str(number) if number in (3, 4, 17) else number for number in range(40)]
        found = dict(each_apart(_pid_or_die, pieces, 2, in_a_row=8))
        assert sorted(found) == list(range(40))
        assert None not in found.values()

    def test_a_piece_at_which_processes_die_again_and_again_is_none_alone(self):
        found = dict(each_apart(_die_at_seven, list(range(30)), 2, attempts=3, in_a_row=8))
        assert found == {number: None if number == 7 else number for number in range(30)}


def _die_at_seven(piece):
    if piece == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece
