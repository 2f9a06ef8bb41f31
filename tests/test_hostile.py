"""Input that means harm, or that nobody thought of: no traceback, no waiting, no flood of memory."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import signal
import struct
import xml.etree.ElementTree as ET
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from anchoraudit.detectors import preset_names
from tests.builders import GOOD, annotation, document, image, make, run
from tests.conftest import ROOT, SAMPLE
from tests.forks import of_this_process
from tests.fuzzing import NOT_PRINTABLE, strict_json, well_formed
from tests.mutants import output_formats

ADDRESSES = 2 << 30
REFERENCE = (ROOT / "anchoraudit/detectors/presets/reference.toml").read_text()


class HungError(BaseException):
    """Not an Exception: nothing in the program may catch it."""


@contextmanager
def seconds(limit):
    """Raise HungError after that many seconds: whoever waits for a pipe waits for ever.

    And no more than 2 GB of addresses: whoever reads /dev/zero reads until the machine has no memory left.
    """

    def ring(*_):
        raise HungError(f"still running after {limit} s")

    before = signal.signal(signal.SIGALRM, ring)
    allowed = resource.getrlimit(resource.RLIMIT_AS)
    most = addresses() + ADDRESSES
    if allowed[1] != resource.RLIM_INFINITY:
        most = min(most, allowed[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, allowed[1]))
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, allowed)


def addresses():
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


@pytest.fixture
def answer(here, capfd):
    """Run in this process, within ten seconds: `answer("scan", ...)` is (code, stdout, stderr), all sound."""

    def run_it(*args):
        capfd.readouterr()
        with seconds(10):
            code = run(*args)
        out, err = capfd.readouterr()
        assert code in (0, 1, 2)
        assert not re.search(r"Traceback|internal error|not enough memory|\w+Warning: ", err)
        assert not NOT_PRINTABLE.search(out + err)
        assert (code == 2) == ("Error: " in err)
        return code, out, err

    return run_it


@pytest.fixture
def report(answer, here):
    """Scan as JSON: `report("ds", ...)` is (code, what JSON says)."""

    def scan(*args):
        code, out, err = answer("scan", *args, "--output-format", "json")
        assert code < 2, err
        return code, strict_json(out)

    return scan


def codes(found):
    return {finding["code"] for finding in found["findings"]}


class Used(NamedTuple):
    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


def limited(*args, cwd):
    """Run in another process with 2 GB of addresses; also its CPU seconds and its peak memory in MB."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    limits = {"RLIMIT_AS": ADDRESSES}
    words = [*map(str, args)]
    done, used, megabytes = of_this_process().measured(words, cwd, env, timeout=60, limits=limits)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    killed = f"killed ({done.returncode}) after {used:.1f} s of CPU time: {done.stderr[-500:]}"
    assert done.returncode >= 0, killed
    return Used(done.returncode, done.stdout, done.stderr, used, megabytes)


# ---- XML -------------------------------------------------------------------------------------------------

PLAIN = (
    "<annotation><filename>a.jpg</filename><size><width>960</width><height>720</height></size><object>"
    "<name>{}</name><bndbox><xmin>400</xmin><ymin>360</ymin><xmax>474</xmax><ymax>509</ymax></bndbox>"
    "</object></annotation>"
)
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha" * 5}">' for i in range(10))
BOMBS = {
    "billion laughs": f"<!DOCTYPE x [{LAUGHS}]>" + PLAIN.format("&l9;"),
    "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>' + PLAIN.format("&a;" * 20_000),
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + PLAIN.format("&e;"),
    "external type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + PLAIN.format("cat"),
    "parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>' + PLAIN.format("cat"),
    "type only": "<!DOCTYPE annotation>" + PLAIN.format("cat"),
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.encode(), id="utf-8"),
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param(lambda text: text.encode("utf-16-le"), id="utf-16-le"),
        pytest.param(lambda text: ("\n" + text).encode("utf-16-le"), id="utf-16-le after a line feed"),
        pytest.param(lambda text: ("\n" + text).encode("utf-16-be"), id="utf-16-be after a line feed"),
        pytest.param(lambda text: ('<?xml version="1.0" encoding="cp1252"?>' + text).encode(), id="cp1252"),
    ],
)
def test_declarations_are_refused_whatever_they_are_written_in(here, report, bomb, encode):
    make(here, {"ds/a.xml": encode(BOMBS[bomb]), "ds/b.xml": PLAIN.format("cat"), "ds/a.jpg": (4, 4)})
    code, found = report("ds", "--images", "none")
    assert code == 1
    (refused,) = [f for f in found["findings"] if f["code"] == "PAR005"]
    assert refused["path"].endswith("a.xml")
    assert found["summary"]["boxes"] == 1
    assert "root:" not in json.dumps(found)


def test_a_bomb_costs_nothing(tmp_path):
    make(tmp_path, {f"ds/{i}.xml": BOMBS["billion laughs"] for i in range(50)})
    make(tmp_path, {"ds/good.xml": PLAIN.format("cat")})
    used = limited("scan", "ds", "-q", cwd=tmp_path)
    assert used.code == 1
    assert used.megabytes < 300
    assert used.seconds < 5


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_deep_xml(here, report, depth):
    deep = "<a>" * depth + "</a>" * depth
    make(
        here, {"ds/a.xml": PLAIN.format("cat").replace("<size>", deep + "<size>"), "ds/b.xml": "<a>" * depth}
    )
    make(here, {"ds/c.xml": f"<annotation><object><name>{deep}</name></object></annotation>"})
    _, found = report("ds")
    assert found["summary"]["matched"] == 1
    assert {"PAR001", "PAR003"} <= codes(found)


# ---- JSON, TOML, YAML ------------------------------------------------------------------------------------

DEPTH = 100_000
DEEP_JSON = ["[" * DEPTH + "]" * DEPTH, '{"a":' * DEPTH + "1" + "}" * DEPTH, "[" * DEPTH]


@pytest.mark.parametrize("deep", DEEP_JSON, ids=["lists", "objects", "open"])
@pytest.mark.parametrize("place", ["whole", "extra key", "annotation", "image", "bbox", "category"])
def test_deep_json(here, answer, deep, place):
    whole = json.dumps(
        document(
            [image(extra="IMAGE")],
            [annotation(extra="ANNOTATION"), annotation(2, bbox="BBOX")],
            info="EXTRA",
            categories=[{"id": 1, "name": "cat", "extra": "CATEGORY"}],
        )
    )
    marks = {"extra key": "EXTRA", "annotation": "ANNOTATION", "bbox": "BBOX", "image": "IMAGE"}
    text = deep if place == "whole" else whole.replace(f'"{marks.get(place, "CATEGORY")}"', deep)
    make(here, {"a.json": text})
    for args in (["scan", "a.json"], ["filter", "a.json", "-o", "x.json"], ["cluster", "a.json", "--k", "1"]):
        code, _, err = answer(*args)
        assert code < 2 or "a.json" in err


READ = [
    ("d.toml", "--detector"),
    ("d.yaml", "--detector"),
    ("d.cfg", "--detector"),
    ("d.py", "--detector"),
    ("d.json", "--anchors"),
    ("d.toml", "--anchors"),
    ("d.txt", "--anchors"),
    ("d.json", "--baseline"),
    ("anchoraudit.toml", None),
    ("pyproject.toml", None),
    (".anchoraudit/last-scan.json", None),
]
DEEP_TEXTS = [
    "a = " + "[" * DEPTH,
    "a = " + "[" * DEPTH + "]" * DEPTH,
    "a = " + "{b=" * DEPTH,
    "a: " + "[" * DEPTH + "]" * DEPTH,
    "a: " + "{b: " * DEPTH,
    "\n".join(" " * i + "a:" for i in range(1500)),
    "- " * DEPTH,
    "anchors = " + "9" * 5000,
    "anchors = [[" + "9" * 5000 + ", 1]]",
    "model = " + "(" * DEPTH,
    "model = " + "-" * DEPTH + "1",
    "model = 1" + "+1" * DEPTH,
    "a" + ".a" * DEPTH + " = 1",
    "[a" + ".a" * DEPTH + "]",
    *DEEP_JSON,
    "9" * 5000,
    "\0" * 5000,
    "x" * 1_000_000,
]
# What is read as TOML is given to one of two readers in turn: they have the same parser.
GIVEN = [
    pytest.param(file, option, text, id=f"{file}-{option}-{text[:9]!r}")
    for i, (file, option) in enumerate(READ)
    for j, text in enumerate(DEEP_TEXTS)
    if not file.endswith(".toml") or (i + j) % 2 == 0
]


@pytest.mark.parametrize(("file", "option", "text"), GIVEN)
def test_deep_or_odd_settings_and_detectors(here, answer, file, option, text):
    make(here, {"ds.json": document(), file: text})
    data = [] if file.startswith(".") else ["ds.json"]
    code, _, err = answer("scan", *data, *([option, file] if option else []))
    assert code < 2 or Path(file).name in err
    assert len(err) < 2000


def test_forty_megabytes_on_one_line(tmp_path):
    """Time and memory grow with the file, not worse."""
    entry = json.dumps(annotation(7, 1, GOOD, segmentation=[[1.5] * 20], area=11026.0))
    count = 40_000_000 // len(entry)
    head = json.dumps(document(annotations=[])).replace('"annotations": []', '"annotations": [%s]')
    (tmp_path / "big.json").write_text(head % ",".join([entry] * count))
    used = limited("scan", "big.json", "--output-format", "json", "--select", "ANC", cwd=tmp_path)
    assert used.code == 0, used.err
    assert strict_json(used.out)["summary"]["usable"] == count
    assert used.seconds < 10
    assert used.megabytes < 500


# As what to repeat: each worker would hold the whole texts to its end, and copy their pages at each fork.
NONSENSE = {
    "brackets": (b'{"images": [', b"[" * 50, b""),
    "an open string": (b'{"images": "', b"x" * 50, b""),
    "escapes": (b'{"images": "', b'\\"' * 25, b'"}'),
    "NaN and surrogates": (b'{"images": [NaN', b', "\\ud800' * 5, b""),
    "digits": (b'{"images": [', b"9" * 50, b"]}"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_ten_megabytes_of_nonsense(tmp_path, kind):
    head, part, end = NONSENSE[kind]
    (tmp_path / "big.json").write_bytes(head + part * 200_000 + end)
    used = limited("scan", "big.json", cwd=tmp_path)
    assert used.code in (1, 2)
    assert "big.json" in used.err + used.out
    assert len(used.err) + len(used.out) < 20_000
    assert used.seconds < 5


# ---- names -----------------------------------------------------------------------------------------------

EVIL = "\x1b[31m\u202e\u2066x\u200b\x07\x9b2J\r\n::error::\u2028<b>|`](y)\ud800&amp;,\"';=1+1"


@pytest.mark.parametrize("form", output_formats())
def test_names_in_coco_cannot_drive_anything(here, answer, form):
    make(
        here,
        {
            "ds/annotations/instances_a.json": document(
                [image(EVIL, file_name=EVIL + ".jpg"), image(2, file_name="b.jpg", width=EVIL)],
                [annotation(EVIL, EVIL, category_id=EVIL), annotation(2, EVIL, [1, 1, 2, EVIL])],
                categories=[{"id": EVIL, "name": EVIL}, {"id": 2, "name": EVIL.upper()}],
            )
        },
    )
    code, out, _ = answer("scan", "ds", "--output-format", form, "--fail-on", "warning")
    assert code == 1
    well_formed(form, out)


@pytest.mark.parametrize("form", output_formats())
def test_names_in_voc_cannot_drive_anything(here, answer, form):
    evil = "\u202e\u2066x\u200b\x9b2J\n::error::\u2028&lt;b>|`](y)&amp;,\"';=1+1"
    text = PLAIN.format(evil).replace("a.jpg", evil).replace("400", evil)
    make(here, {"ds/Annotations/\x1b[31m\u202e\r\n::error::x.xml": text, "ds/JPEGImages/x\n\x1b.jpg": (9, 9)})
    code, out, _ = answer("scan", "ds", "--output-format", form)
    assert code < 2
    well_formed(form, out)


def test_names_without_end_do_not_flood_a_report(here, answer):
    name = "x" * 200_000
    make(
        here,
        {
            "a.json": document(
                [image(name, file_name=name), image(2, file_name=name, width=None), image(name)],
                [annotation(name, name, category_id=name), annotation(1, 2, [0, 0, "NaN", name])],
                categories=[{"id": 1, "name": name}, {"id": 2, "name": name.upper()}, {"id": name}],
            )
        },
    )
    for args in (["scan", "a.json"], ["filter", "a.json", "-o", "x.json"], ["compare", "a.json"]):
        _, out, err = answer(*args)
        assert len(out) + len(err) < 20_000


def test_names_elsewhere_cannot_drive_anything(here, answer):
    make(
        here,
        {
            "a.json": document(
                [image(EVIL, file_name=EVIL + ".jpg")],
                [annotation(EVIL, EVIL, category_id=EVIL)],
                categories=[{"id": EVIL, "name": EVIL}],
            ),
            "\x1b[31m.toml": REFERENCE.replace('"reference"', '"\\u001b[31m\\u202e"', 1),
        },
    )
    own = ["--detector", "\x1b[31m.toml"]
    assert answer("explain", EVIL.encode("utf-8", "replace").decode(), "a.json")[0] == 2
    for args in (
        ["scan", "a.json", *own, "--counts"],
        ["explain", EVIL, "a.json", *own],
        ["blame", "--dataset", "a.json", *own, "--sampler", "sequential", "--batch-size", "1", "--step", "0"],
        ["blame", "--batch-size", "1", "--steps", "\x1b[31m"],
        ["explain", EVIL, "a.json", "--output-format", "json"],
        ["cluster", "a.json", "--k", "1", *own],
        ["compare", "a.json", *own, "--detector", "reference"],
        ["compare", "a.json", *own, "--output-format", "csv"],
        ["filter", "a.json", "-o", "\x1b[31m.json", "--dropped", "gone\u202e.csv", *own],
        ["detectors", "show", "\x1b[31m.toml"],
        ["scan", "\x1b]0;x\x07"],
        ["scan", "a.json", "--split", "\x1b[31m"],
        ["scan", "a.json", "--select", "\x1b[31m"],
        ["scan", "a.json", "--detector", "\x1b[31m"],
        ["explain", "\x1b[31m", "a.json"],
        ["\x1b[31m"],
        ["scan", "--\x1b[31m"],
        ["scan", "a.json", "--images", "\x1b[31m"],
        ["scan", "a.json", "--loader", "\x1b[31m"],
        ["cluster", "a.json", "--k", "\x1b[31m"],
        ["rules", "show", "\x1b[31m"],
    ):
        answer(*args)


def test_names_in_tables_are_one_field(here, answer):
    make(here, {"a.json": document([image(EVIL, file_name=EVIL)], [annotation(1, EVIL)])})
    code, _, err = answer("scan", "a.json", "--export-images", "i.csv", "--export-boxes", "b.csv")
    assert code == 0, err
    for name in ("i.csv", "b.csv"):
        rows = list(csv.reader(io.StringIO((here / name).read_text("utf-8"), newline=""), strict=True))
        assert len(rows) == 2
        assert len(rows[0]) == len(rows[1])


def test_names_that_are_not_utf8(here, answer):
    raw = os.fsdecode(b"\xff\xfe")
    try:
        make(
            here,
            {f"ds{raw}/Annotations/{raw}.xml": PLAIN.format("cat"), f"ds{raw}/JPEGImages/{raw}.jpg": (9, 9)},
        )
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    make(here, {f"co{raw}/{raw}.json": document([image(file_name=raw)]), f"{raw}.toml": REFERENCE})
    make(here, {f"yo{raw}/images/{raw}.jpg": (9, 9), f"yo{raw}/labels/{raw}.txt": "0 .5 .5 .5 .5"})
    for name in (f"ds{raw}", f"co{raw}", f"yo{raw}"):
        for form in output_formats():
            code, out, _ = answer("scan", name, "--output-format", form)
            assert code < 2
            well_formed(form, out)
        for args in (
            ["scan", name, "--export-images", "i.parquet", "--export-boxes", "b.parquet"],
            ["scan", name, "--export-images", "i.csv", "-o", f"report{raw}.txt"],
            ["scan", name, "--detector", f"{raw}.toml", "--images", "decode"],
            ["filter", name, "-o", f"clean{raw}.json", "--keep-blank", "--force"],
            ["cluster", name, "--k", "1", "-o", f"anchors{raw}.txt"],
            ["explain", raw, name],
            ["blame", "--dataset", name, "--sampler", "sequential", "--batch-size", "1", "--step", "0"],
            ["compare", name, "--detector", f"{raw}.toml"],
        ):
            answer(*args)
        assert answer("cluster", "--k", "1")[0] < 2  # the last scan's


def test_long_names(here, report):
    name = "n" * 251
    make(here, {f"ds/Annotations/{name}.xml": PLAIN.format("cat"), f"ds/JPEGImages/{name}.jpg": (960, 720)})
    code, found = report("ds")
    assert (code, found["summary"]["matched"]) == (0, 1)
    names = [name + ".jpg", "x" * 256, "y/" * 2500 + "z.jpg", "d" * 5000]
    images = [image(i, file_name=n, width=None) for i, n in enumerate(names)]
    boxes = [annotation(i, i) for i in range(4)]
    make(here, {"co/a.json": document(images, boxes), f"co/images/{name}.jpg": (9, 9)})
    _, found = report("co")
    assert found["summary"]["verdicts"]["unknown"] == 3
    assert "IMG002" in codes(found)


# ---- what is no regular file -----------------------------------------------------------------------------


# Data sets, and where in them something else than a file may stand: in its place, or beside it.
LABEL = "0 .5 .5 .1 .2"
TREES = {
    "coco": {"ds/annotations/instances_a.json": document([image(width=None)]), "ds/images/1.jpg": (960, 720)},
    "flat": {"ds/a.json": document([image(width=None)]), "ds/1.jpg": (960, 720)},
    "roboflow": {"ds/train/_annotations.coco.json": document(), "ds/train/1.jpg": (960, 720)},
    "table": {"ds/train/_annotations.csv": "image,x1,y1,x2,y2,label\n1.jpg,400,360,474,509,cat\n"},
    "voc": {
        "ds/Annotations/a.xml": PLAIN.format("cat").replace("960", "0"),
        "ds/Annotations/b.xml": PLAIN.format("cat"),
        "ds/JPEGImages/a.jpg": (960, 720),
        "ds/ImageSets/Main/train.txt": "a\nb\n",
    },
    "yolo": {
        "ds/data.yaml": "train: images\nval: images\nnames: [cat]\n",
        **{f"ds/images/{stem}.jpg": (960, 720) for stem in "ab"},
        **{f"ds/labels/{stem}.txt": LABEL for stem in "ab"},
    },
}
ODD_NAMES = {
    "coco": ["annotations/instances_a.json", "annotations/instances_b.json", "annotations/b.json", "b.json"],
    "flat": ["a.json", "b.json", "1.jpg", "2.jpg"],
    "roboflow": ["_annotations.coco.json", "train/_annotations.coco.json", "val/_annotations.coco.json"],
    "table": ["_annotations.csv", "train/_annotations.csv", "val/_annotations.csv"],
    "voc": ["Annotations/a.xml", "Annotations/c.xml", "JPEGImages/a.jpg", "JPEGImages"],
    "yolo": ["data.yaml", "labels/a.txt", "images/a.jpg", "classes.txt", "obj.data", "train.txt", "labels"],
}
ODD_NAMES["coco"] += ["images/1.jpg", "images/2.jpg", "images"]
ODD_NAMES["voc"] += ["ImageSets/Main/train.txt", "ImageSets/Main/val.txt"]
PLACES = [(tree, f"ds/{name}") for tree, names in ODD_NAMES.items() for name in names]


ODD = {
    "pipe": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "folder with files": lambda path: make(path, {"x": "x", "y.jpg": (4, 4)}),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to its folder": lambda path: path.symlink_to("."),
    "link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "link to /dev/null": lambda path: path.symlink_to("/dev/null"),
    "link to a pipe": lambda path: (os.mkfifo(path.parent / "pipe"), path.symlink_to("pipe")),
}


# Three in each place, so that any three places next to each other, which are mostly of one tree, have all.
ODD_IN_PLACES = [
    (*place, list(ODD)[(3 * number + turn) % len(ODD)])
    for number, place in enumerate(PLACES)
    for turn in range(3)
]


@pytest.mark.parametrize(("tree", "name", "odd"), ODD_IN_PLACES)
def test_pipes_folders_and_links_where_files_should_be(here, answer, tree, name, odd):
    """None is waited for or read without end; a scan tells, or goes on with the rest."""
    make(here, {file: content for file, content in TREES[tree].items() if not file.startswith(name)})
    (here / name).parent.mkdir(parents=True, exist_ok=True)
    ODD[odd](here / name)
    for args in (
        ["scan", "ds"],
        ["scan", "ds", "--images", "decode", "--unlisted"],
        ["filter", "ds", "-o", "clean.json", "--force"],
        ["explain", "a", "ds", "-o", "a.png"],
        ["scan", name],
    ):
        answer(*args)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("d.toml", ["--detector", "d.toml"]),
        ("d.yaml", ["--detector", "d.yaml"]),
        ("d.toml", ["--anchors", "d.toml"]),
        ("d.txt", ["--anchors", "d.txt"]),
        ("d.json", ["--baseline", "d.json"]),
        ("d.json", ["--baseline", "d.json", "--write-baseline"]),
        ("d", ["--image-folder", "d"]),
        ("anchoraudit.toml", []),
        ("pyproject.toml", []),
        (".anchoraudit", []),
        (".anchoraudit/images.msgpack", []),
        (".anchoraudit/last-scan.json", None),
    ],
)
def test_pipes_folders_and_links_beside_the_data(here, answer, name, args, odd):
    make(here, {"ds/a.json": document(), "ds/images/1.jpg": (960, 720)})
    (here / name).parent.mkdir(exist_ok=True)
    ODD[odd](here / name)
    if odd in ("pipe", "link to a pipe") and "--write-baseline" in (args or []):
        pytest.skip("a pipe is written to as it is, and waits for its reader")
    answer(*(["cluster", "--k", "1"] if args is None else ["scan", "ds", *args]))


@pytest.mark.parametrize("name", ["last-scan.json", "images.msgpack", ".gitignore"])
def test_links_where_the_program_remembers_lead_nowhere(here, answer, name):
    """A repository may hold such a link: what it leads to is neither written to nor waited for."""
    make(here, {"ds/a.json": document(), "ds/images/1.jpg": (960, 720), "mine.txt": "mine"})
    (here / ".anchoraudit").mkdir()
    for target in ("mine.txt", "new.txt", "ds/a.json", None):
        (here / ".anchoraudit" / name).unlink(missing_ok=True)
        if target is None:
            os.mkfifo(here / ".anchoraudit" / name)
        else:
            (here / ".anchoraudit" / name).symlink_to(here / target)
        before = (here / "ds/a.json").read_bytes()
        assert answer("scan", "ds")[0] == 0
        assert (here / "mine.txt").read_text() == "mine"
        assert not (here / "new.txt").exists()
        assert (here / "ds/a.json").read_bytes() == before


@pytest.mark.parametrize("option", ["-o", "--export-images"])
@pytest.mark.parametrize(
    "target",
    ["ds", "nowhere/x.csv", "/dev/full", "loop.csv", "a.json/x.csv", "\0.csv", "x" * 300 + ".csv", ""],
)
def test_outputs_that_cannot_be_written(here, answer, option, target):
    make(here, {"ds/a.json": document(), "a.json": document()})
    (here / "loop.csv").symlink_to("loop.csv")
    assert answer("scan", "ds", option, target)[0] == 2
    assert not [path for path in here.rglob("*") if path.name.startswith(".anchoraudit-")]


@pytest.mark.parametrize(
    "links",
    [
        {"ds/ds": "."},
        {"ds/annotations/loop": ".."},
        {"ds/images/images": "."},
        {"ds/images/up": "../.."},
        {"ds/annotations/annotations": ".", "ds/train": "annotations", "ds/val": "train"},
        {"ds/a/b": "../b", "ds/b/a": "../a"},
        {f"ds/{i}": "." for i in range(10)},
    ],
)
@pytest.mark.parametrize("tree", ["coco", "voc", "yolo", "nothing"])
def test_folders_in_circles(here, answer, tree, links):
    make(here, {"ds/x.txt": "x"} if tree == "nothing" else TREES[tree])
    for name, target in links.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).symlink_to(target)
    for args in (
        ["scan", "ds"],
        ["scan", "ds", "--unlisted"],
        ["filter", "ds", "-o", "x.json", "--keep-blank"],
    ):
        answer(*args)


@pytest.mark.parametrize(
    "folders",
    [
        ["ds"],
        ["ds/annotations", "ds/images"],
        ["ds/Annotations", "ds/JPEGImages", "ds/ImageSets/Main"],
        ["ds/images", "ds/labels"],
        ["ds/images/train", "ds/labels/train"],
        ["ds/train", "ds/valid", "ds/test"],
        ["ds/VOCdevkit/VOC2007/Annotations"],
        ["ds/a/b/c/d"],
    ],
)
def test_empty_folders(here, answer, folders):
    for folder in folders:
        (here / folder).mkdir(parents=True)
    code, _, err = answer("scan", "ds")
    assert code == 2
    assert "ds" in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
@pytest.mark.parametrize(("tree", "name"), PLACES)
def test_what_may_not_be_read(here, answer, tree, name):
    make(here, {"d.toml": REFERENCE, name: "x", **TREES[tree]})
    (here / name).chmod(0)
    try:
        for args in (["scan", "ds"], ["filter", "ds", "-o", "x.json"], ["scan", name]):
            answer(*args)
    finally:
        (here / name).chmod(0o700)


# ---- numbers ---------------------------------------------------------------------------------------------

BIG = 10**400


def test_gigantic_ids(here, answer):
    whole = document(
        [image(BIG), image(-BIG), image(2**63), image(2)],
        [
            annotation(BIG, BIG, category_id=BIG),
            annotation(BIG + 1, -BIG),
            annotation(3, 2**63),
            annotation(4, 2),
        ],
        categories=[{"id": BIG, "name": "cat"}, {"id": 1, "name": "dog"}],
    )
    make(here, {"a.json": json.dumps(whole)})
    for form in output_formats():
        code, out, _ = answer("scan", "a.json", "--output-format", form)
        assert code < 2
        well_formed(form, out)
    for args in (
        ["scan", "a.json", "--counts", "--export-images", "i.parquet", "--export-boxes", "b.parquet"],
        ["scan", "a.json", "--export-images", "i.csv", "--export-boxes", "b.csv"],
        ["explain", str(BIG), "a.json"],
        ["filter", "a.json", "-o", "x.json", "--dropped", "gone.parquet"],
        ["compare", "a.json", "--detector", "reference", "--detector", "yolov5"],
        ["cluster", "a.json", "--k", "1"],
    ):
        answer(*args)


def test_ids_longer_than_python_parses(here, answer):
    text = json.dumps(document([image("BIG"), image(2)], [annotation(1, "BIG"), annotation(2, 2)]))
    make(here, {"a.json": text.replace('"BIG"', "9" * 5000)})
    code, out, _ = answer("scan", "a.json", "--output-format", "json")
    assert code < 2
    assert strict_json(out)["summary"]["matched"] >= 1
    answer("filter", "a.json", "-o", "x.json")


WIDTHS = [1e308, 1e30, 10_000_001, 9_999_999, 1e-308, 0.1, -1e308]
HEIGHTS = [1e308, 9_999_999, 1, 1e-308]
OF_SIZES = ["reference", "torchvision-retinanet_resnet50_fpn", "mmdet-atss", "yolov5"]


@pytest.mark.parametrize(
    ("width", "height", "detector"),
    [
        (width, height, OF_SIZES[(i + j) % len(OF_SIZES)])  # each with all widths, and with all heights
        for i, width in enumerate(WIDTHS)
        for j, height in enumerate(HEIGHTS)
    ],
)
def test_sizes_beyond_reason(here, answer, width, height, detector):
    big = [0, 0, width, height]
    make(
        here,
        {"a.json": document([image(width=width, height=height)], [annotation(), annotation(2, bbox=big)])},
    )
    for args in (
        ["scan", "a.json", "--output-format", "json", "--counts", "--detector", detector],
        ["explain", "1", "a.json", "--detector", detector],
        ["explain", "1", "a.json", "-o", "x.png", "--detector", detector],
        ["cluster", "a.json", "--k", "1", "--detector", detector],
        ["filter", "a.json", "-o", "x.json", "--force", "--detector", detector],
    ):
        answer(*args)


@pytest.mark.parametrize("detector", preset_names())
def test_coordinates_beyond_reason(here, answer, detector):
    boxes = [
        *(
            [-1e308, -1e308, 1e308, 1e308],
            [1e308] * 4,
            [0, 0, 1e308, 1e308],
            [1e-320, 1e-320, 1e-320, 1e-320],
        ),
        *([1e300, 1e300, 1, 1], [0, 0, 5e-324, 100], [-1e18, -1e18, 2e18, 2e18], [479.5, 359.5, 1e-7, 1e-7]),
        *([0, 0, 960, 1e-9], [2**53, 2**53, 1, 1], [1e16, 0, 1, 1], GOOD),
    ]
    annotations = [annotation(i, bbox=box, area=1e308) for i, box in enumerate(boxes)]
    make(here, {"a.json": document(annotations=annotations)})
    code, out, _ = answer("scan", "a.json", "--output-format", "json", "--counts", "--detector", detector)
    assert code < 2
    assert strict_json(out)["summary"]["boxes"] == len(boxes)
    if preset_names().index(detector) % 3 == 0:  # much the same for all of a kind
        answer("explain", "1", "a.json", "--detector", detector)


# ---- pictures --------------------------------------------------------------------------------------------


def chunk(kind, content):
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, data=b"", *more):
    """A PNG of a header that says so, and hardly any pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", data or zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + pixels + chunk(b"IEND", b"")


# Those that take a while to make are made where they are wanted.
PICTURES = {
    "60000x60000": png(60_000, 60_000),
    "13000x13000": lambda: png(13_000, 13_000, zlib.compress(bytes(100_000_000), 1)),
    "2**31 - 1": png(2**31 - 1, 2**31 - 1),
    "0x0": png(0, 0),
    "a bomb of text": lambda: png(4, 4, b"", chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000)))),
    "a bomb of colours": lambda: png(4, 4, b"", chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(80_000_000)))),
    "gif": b"GIF89a"
    + struct.pack("<HH", 65535, 65535)
    + b"\x80\0\0"
    + bytes(6)
    + b"!\xff\x0b"
    + b"x" * 11
    + b"\0",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03"
    + bytes(9)
    + b"\xff\xd9",
    "bmp": b"BM"
    + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0),
    "ppm": b"P6 99999999999999999999 9 255\n",
    "tiff in a circle": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "webp": b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
}


@pytest.mark.parametrize("content", PICTURES)
def test_pictures_that_claim_too_much(tmp_path, content):
    """Neither the header nor decoding takes the memory that the header claims."""
    suffix = {"gif": ".gif", "jpeg": ".jpg", "bmp": ".bmp", "ppm": ".ppm", "webp": ".webp"}.get(
        content, ".png"
    )
    name = f"a{'.tiff' if content.startswith('tiff') else suffix}"
    picture = PICTURES[content]
    made = picture() if callable(picture) else picture
    make(tmp_path, {"ds/a.json": document([image(file_name=name)]), f"ds/images/{name}": made})
    for mode in ("header", "decode"):
        used = limited("scan", "ds", "--images", mode, "--output-format", "json", cwd=tmp_path)
        assert used.code < 2, used.err
        assert used.megabytes < 800
        assert used.seconds < 10
        found = strict_json(used.out)
        assert found["summary"]["matched"] == 1
        assert codes(found) & {"IMG005", "IMG006", "IMG002"}
    used = limited("explain", "1", "ds", "-o", "x.png", cwd=tmp_path)
    assert used.code in (0, 2)
    assert used.megabytes < 1200


# ---- many ------------------------------------------------------------------------------------------------


def test_thousands_of_splits(tmp_path):
    folder = tmp_path / "ds/annotations"
    folder.mkdir(parents=True)
    text = json.dumps(document())
    for i in range(1000):
        (folder / f"instances_{i}.json").write_text(text)
    used = limited("scan", "ds", "-q", cwd=tmp_path)
    assert used.code in (0, 1), used.err
    assert used.seconds < 6
    used = limited("scan", "ds", "--split", "nope", cwd=tmp_path)
    assert used.code == 2
    assert len(used.err) < 5000


def test_thousands_of_lists_of_splits(tmp_path):
    make(tmp_path, {"ds/Annotations/a.xml": PLAIN.format("cat"), "ds/JPEGImages/a.jpg": (960, 720)})
    lists = tmp_path / "ds/ImageSets/Main"
    lists.mkdir(parents=True)
    for i in range(3000):
        (lists / f"s{i}.txt").write_text("a\n")
    used = limited("scan", "ds", "-q", cwd=tmp_path)
    assert used.code in (0, 1), used.err
    assert used.seconds < 10


def test_thousands_of_classes(tmp_path):
    categories = [{"id": i, "name": f"c{i}"} for i in range(3000)]
    boxes = [annotation(i, category_id=i) for i in range(3000)]
    make(tmp_path, {"a.json": document(annotations=boxes, categories=categories)})
    for command in (
        ["scan", "a.json"],
        ["scan", "a.json", "--output-format", "sarif"],
        ["compare", "a.json"],
    ):
        used = limited(*command, cwd=tmp_path)
        assert used.code in (0, 1), used.err
        assert used.seconds < 10


def test_boxes_on_top_of_each_other(tmp_path):
    """All pairs of 20,000 boxes of one image are 200 million: neither memory nor time may grow so."""
    boxes = [annotation(i, bbox=[400 + i * 1e-5, 360, 74, 149]) for i in range(20_000)]
    make(tmp_path, {"a.json": document(annotations=boxes)})
    used = limited("scan", "a.json", "-q", cwd=tmp_path)
    assert used.code in (0, 1), used.err
    assert used.seconds < 20
    assert used.megabytes < 1000


def test_the_sample_within_the_limits(tmp_path):
    """What the limits of these tests leave is enough for sound data."""
    used = limited("scan", SAMPLE / "voc", "--images", "decode", "--output-format", "junit", cwd=tmp_path)
    assert used.code == 1
    ET.fromstring(used.out)
