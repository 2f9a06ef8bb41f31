"""The answer depends neither on the number of workers nor on which of them die.

In each run one worker kills itself: before it sends its first or second message, or half way through. Every
worker of every pool is the victim once. The report must be that of a run in which none dies.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import struct
import sys
from pathlib import Path

import pytest
from PIL import Image

from anchoraudit.advice import compare as comparing
from anchoraudit.advice import variants
from anchoraudit.formats.coco import chunks, segmentations
from anchoraudit.formats.voc import pool as voc_pool
from anchoraudit.images import opening
from anchoraudit.images import pool as images_pool
from anchoraudit.io import processes
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not processes.can_fork(), reason="workers inherit the attack: Linux only")

XML = (
    "<annotation><filename>{0}.png</filename><size><width>64</width><height>48</height><depth>3</depth></size>"
    "<object><name>cat</name><bndbox><xmin>{1}</xmin><ymin>5</ymin><xmax>40</xmax><ymax>40</ymax></bndbox>"
    "</object></annotation>"
)
RUNS = {
    "voc": ["scan", "voc", "--images", "decode"],
    "coco": ["scan", "coco", "--images", "decode", "--detector", "detectron2-retinanet"],
    "header": ["scan", "coco"],
    "yolo": ["scan", "yolo"],
    "sizes": ["scan", "unsized"],
    "compare": ["compare", "coco", "--detector", "reference", "--detector", "yolov5"],
    "advise": ["advise", "coco", "--detector", "reference"],
}


def pictures(folder: str, names: list[str]) -> dict[str, object]:
    """Pictures of several colours, with a broken one, one of one colour, and a copy."""
    files: dict[str, object] = {f"{folder}/{name}.png": (64, 48) for name in names}
    files[f"{folder}/{names[1]}.png"] = b"\x89PNG\r\n\x1a\nno more"
    return files


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two data sets in which rules find something of every picture, and pools that start for any amount."""
    monkeypatch.chdir(tmp_path)
    names = [f"p{i}" for i in range(9)]
    polygon = [[1, 1, 9, 1, 9, 9]]
    boxes = [
        annotation(i, i % 9, [3, 4, 20 + i, 30], segmentation=polygon if i % 3 else [], area=1.0)
        for i in range(20)
    ]
    images = [image(i, file_name=f"{name}.png", width=64, height=48) for i, name in enumerate(names)]
    make(
        tmp_path,
        {
            "coco/a.json": document(images, boxes),
            **pictures("coco", names),
            **{f"voc/Annotations/{name}.xml": XML.format(name, i) for i, name in enumerate(names)},
            **pictures("voc/JPEGImages", names),
            **{f"yolo/labels/{name}.txt": f"{i} 0.5 0.5 0.2 0.{i + 1}\n" for i, name in enumerate(names)},
            **pictures("yolo/images", names),
            "unsized/a.json": document([{**one, "width": 0, "height": 0} for one in images], boxes),
            **pictures("unsized", names),
        },
    )
    for path in sorted(tmp_path.glob("*/**/p[2-8].png")):
        number = int(path.stem[1:])
        if number % 3:
            Image.effect_noise((64, 48), 99).save(path)
    for module in (chunks, segmentations):
        monkeypatch.setattr(module, "WORTH_IT", 0)
    monkeypatch.setattr(opening, "WORTH_A_FORK", 0)
    monkeypatch.setattr(opening, "FILES_A_PIECE", 2)
    monkeypatch.setattr(voc_pool, "WORTH_A_FORK", 0)
    monkeypatch.setattr(voc_pool, "FILES_A_CHUNK", 2)
    monkeypatch.setattr(images_pool, "WORTH_IT", dict.fromkeys(images_pool.WORTH_IT, (1, 1)))
    monkeypatch.setattr(images_pool, "HEADERS_A_PIECE", 2)
    for module in (comparing, variants):
        monkeypatch.setattr(module, "_WORTH_A_PROCESS", 0)
    # Advice that is found soon: whose work it is matters here, not how good it is.
    monkeypatch.setattr(variants, "MOST_K", 2)
    monkeypatch.setattr(variants, "MOST_TRIED", 20)
    monkeypatch.setattr(variants, "_EVALUATIONS", 50)
    monkeypatch.setattr(processes, "is_busy", lambda: False)
    return tmp_path


class Attack:
    """Counts the workers that are started, and lets one of them kill itself."""

    def __init__(self, monkeypatch, log: Path) -> None:
        self.log = log
        self.started: list[str] = []  # the module that started each, in order
        self.victim, self.when = 0, ""
        self._fork, self._run = os.fork, processes._run
        monkeypatch.setattr(os, "fork", self.fork)
        monkeypatch.setattr(processes, "_run", self.run)

    def fork(self) -> int:
        frame = sys._getframe(1)
        while (
            not (name := frame.f_globals["__name__"]).startswith("anchoraudit.") or name == processes.__name__
        ):
            frame = frame.f_back
        self.started.append(name)
        pid = self._fork()
        if pid and len(self.started) == self.victim:  # this process might not need it, and end it first
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return pid

    def run(self, receiver, sender, work, own) -> None:
        """Run in the worker."""
        if len(self.started) == self.victim:
            messages = []

            def send(message, whole=sender.send) -> None:
                messages.append(message)
                if self.when == "before the first" or len(messages) == 2:
                    self.die()
                if self.when == "within the first":
                    data = processes.multiprocessing.reduction.ForkingPickler.dumps(message)
                    os.write(sender.fileno(), struct.pack("!i", len(data)) + data[: len(data) // 2])
                    self.die()
                whole(message)

            sender.send = send
        self._run(receiver, sender, work, own)

    def die(self) -> None:
        self.log.write_text(self.when)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def attack(monkeypatch, tmp_path):
    return Attack(monkeypatch, tmp_path / "died")


@pytest.fixture
def report(here, capsys, monkeypatch, attack):
    """Give the report of a run on so many cores, as JSON."""

    def reported(name: str, cores: int) -> str:
        shutil.rmtree(here / ".anchoraudit", ignore_errors=True)
        attack.log.unlink(missing_ok=True)
        attack.started.clear()
        monkeypatch.setattr(processes, "cores", lambda: cores)
        assert run(*RUNS[name], "--output-format", "json") in (0, 1)
        return capsys.readouterr().out

    return reported


def pools() -> set[str]:
    """The modules that start workers."""
    found = set()
    for path in (ROOT / "anchoraudit").rglob("*.py"):
        imported = re.search(r"^from anchoraudit\.io\.processes import (.*)", path.read_text("utf-8"), re.M)
        if imported and re.search(r"\b(workers|shared_out)\b", imported[1]):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


def test_every_pool_is_attacked(report, attack):
    met = set()
    for name in RUNS:
        report(name, 3)
        met |= set(attack.started)
    assert met == pools()


@pytest.mark.parametrize("name", RUNS)
def test_any_number_of_workers(report, attack, name):
    reports, started = [], []
    for cores in (1, 2, 3):
        reports.append(report(name, cores))
        started.append(len(attack.started))
    assert started == sorted(started)
    assert started[0] < started[1]
    assert {*reports} == {reports[0]}


WHEN = ("before the first", "within the first", "before the second")
# With EVERY_MOMENT in the environment, workers die at each of these; else in the middle of a message.
EVERY = bool(os.environ.get("EVERY_MOMENT"))
# They read as the run `header` does: there, the workers that read are attacked.
OF_ADVICE = ("compare", "advise")


@pytest.mark.parametrize(
    ("name", "when"), [(name, when) for name in RUNS for when in WHEN if EVERY or when == WHEN[1]]
)
def test_any_worker_may_die(report, attack, name, when):
    expected = report(name, 3)
    died = []
    attack.when = when
    numbered = list(enumerate(attack.started, 1))
    for victim in [n for n, of in numbered if name not in OF_ADVICE or of.startswith("anchoraudit.advice.")]:
        attack.victim = victim
        assert report(name, 3) == expected
        died.append(attack.log.exists())
    assert any(died) if when == "before the second" else all(died)
