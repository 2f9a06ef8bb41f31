"""No input file costs more than a stated amount of CPU time and memory for its size, and none is executed.

Each bomb is a file that grows with a number. It is given to the program at n and at 2n, with limits, and may
cost no more than 2.5 times as much: what grows with the square costs four times as much. The amounts are in
docs/guarantees.md.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from anchoraudit import AnchorauditError
from anchoraudit.io.documents import yaml_value
from anchoraudit.io.folders import walk
from tests.builders import GOOD, annotation, document, image, make
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux")

LIMITS = {"RLIMIT_AS": 3 << 30, "RLIMIT_CPU": 20}
RATIO = 2.5
NOISE = 0.3  # seconds that a run may cost more than the least one, whatever its file
MEMORY, EACH = (
    100,
    700,
)  # megabytes that a run may need more than the least one, and bytes for each of its files'
Files = dict[str, Any]


@dataclass(frozen=True)
class Bomb:
    """A command on files that grow with a number, and that number."""

    files: Callable[[int], Files]
    args: list[str]
    n: int


@pytest.fixture(scope="module")
def cost(forks, tmp_path_factory):
    """Measure a command: `cost(args, files)` is (code, seconds, megabytes, bytes of the files, text)."""
    base = {}

    def run(args, files):
        folder = tmp_path_factory.mktemp("bomb")
        make(folder, files)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
        ended, seconds, megabytes = forks.measured(args, folder, env, limits=LIMITS)
        text = ended.stdout + ended.stderr
        assert ended.returncode in (0, 1, 2), (ended.returncode, seconds, megabytes, text[-500:])
        for word in ("Traceback", "nternal error", "not enough memory"):
            assert word not in text, text[-2000:]
        least = base.get("of", (0.0, 0.0))
        return ended.returncode, seconds - least[0], megabytes - least[1], size, text

    runs = [run(["scan", "a.json"], {"a.json": document()})[1:3] for _ in range(3)]
    base["of"] = min(seconds for seconds, _ in runs), min(megabytes for _, megabytes in runs)
    return run


def scan(name: str, content: Callable[[int], object], n: int, *more: str) -> Bomb:
    return Bomb(lambda m: {name: content(m)}, ["scan", name, *more], n)


def detector(name: str, content: Callable[[int], str], n: int) -> Bomb:
    return Bomb(lambda m: {"a.json": document(), name: content(m)}, ["scan", "a.json", "--detector", name], n)


def data_yaml(names: Callable[[int], str], n: int) -> Bomb:
    rest = {"d/images/a.jpg": (96, 72), "d/labels/a.txt": "0 .5 .5 .1 .2\n"}
    text = "train: images\nval: images\nnames: {}\n"
    return Bomb(lambda m: {**rest, "d/data.yaml": text.format(names(m))}, ["scan", "d"], n)


def lists(n: int) -> str:
    """Lists that name each other four times: 4^n elements."""
    named = "".join(f"a{i} = [a{i - 1}, a{i - 1}, a{i - 1}, a{i - 1}]\n" for i in range(1, n))
    return f"a0 = ['x']\n{named}"


def chain(n: int) -> Files:
    """Files that name each other four times: 4^n files to read."""
    four = "_base_ = ['b{0}.py', 'b{0}.py', 'b{0}.py', 'b{0}.py']\n".format
    files = {f"b{i}.py": four(i + 1) for i in range(n)}
    return {"a.json": document(), "d.py": four(0), **files, f"b{n}.py": "model = dict(type='RetinaNet')\n"}


def one_image(box: Callable[[int, random.Random], list[float]], n: int, *more: str) -> Bomb:
    def files(m: int) -> Files:
        draw = random.Random(m)
        boxes = [annotation(i, bbox=box(i, draw)) for i in range(m)]
        return {"a.json": document([image(width=4000, height=3000)], boxes)}

    return Bomb(files, ["scan", "a.json", *more], n)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(bytes(52)))


def tiff(n: int) -> bytes:
    """n directories, one after the other."""
    entry = struct.pack("<HHHII", 1, 256, 3, 1, 9)
    return b"II*\0\x08\0\0\0" + b"".join(entry + struct.pack("<I", 26 + 18 * i) for i in range(n))


def picture(name: str, content: Callable[[int], bytes], n: int) -> Bomb:
    whole = document([image(file_name=name, width=None)])
    return Bomb(
        lambda m: {"d/a.json": whole, f"d/images/{name}": content(m)}, ["scan", "d", "--images", "decode"], n
    )


def cvat(n: int) -> str:
    label = "<label><name>cat</name></label>"
    box = "<box label='cat' occluded='0' xtl='400' ytl='360' xbr='474' ybr='509' z_order='0'></box>"
    return (
        f"<annotations><version>1.1</version><meta><task><labels>{label}</labels></task></meta>"
        f"<!-- {'<box ' * n} --><image id='0' name='a.jpg' width='960' height='720'>{box}</image>"
        "</annotations>"
    )


def voc(n: int) -> str:
    attributes = "".join(f'a{i}="1" ' for i in range(n))
    size = "<size><width>960</width><height>720</height></size>"
    box = "<bndbox><xmin>400</xmin><ymin>360</ymin><xmax>474</xmax><ymax>509</ymax></bndbox>"
    return f"<annotation {attributes}>{size}<object><name>cat</name>{box}</object></annotation>"


def misspelt(n: int) -> Files:
    """A path of n folders, each of which three others are spelt like: 3^n ways."""
    return {"d/data.yaml": f"train: {'ab/' * n}zz\nnames: [a]\n"}


YOLOX = "from yolox.exp import Exp as MyExp\nclass Exp(MyExp):\n    def __init__(self):\n"
BOMBS = {
    # YAML
    "base 60": data_yaml(lambda n: "1" + ":1" * n, 40_000),
    "base 60 in a detector": detector("d.yaml", lambda n: f"MODEL:\n  X: 1{':1' * n}\n", 40_000),
    "digits": data_yaml(lambda n: "9" * n, 100_000),
    "aliases": data_yaml(lambda n: "[&a [x, x]" + ", *a" * n + "]", 2_000),
    # Python configurations
    "lists of lists": detector("d.py", lambda n: lists(n) + f"model = dict(type=a{n - 1})\n", 11),
    "lists of bases": detector("d.py", lambda n: lists(n) + f"_base_ = a{n - 1}\n", 11),
    "bases of bases": Bomb(chain, ["scan", "a.json", "--detector", "d.py"], 5),
    "f-string": detector("d.py", lambda n: f"model = dict(type=f'{'{1}' * n}')\n", 30_000),
    "settings of an Exp": detector(
        "d.py", lambda n: YOLOX + "".join(f"        self.a{i} = {i}\n" for i in range(n)), 3_000
    ),
    # Paths
    "folders of a path": Bomb(
        lambda n: {"d/data.yaml": "train: t.txt\nnames: [a]\n", "d/t.txt": "a/" * n + "x.jpg\n"},
        ["scan", "d"],
        10_000,
    ),
    # XML
    "boxes in a comment": Bomb(lambda n: {"d/annotations.xml": cvat(n)}, ["scan", "d"], 30_000),
    "attributes": Bomb(lambda n: {"d/Annotations/a.xml": voc(n)}, ["scan", "d"], 50_000),
    # JSON
    "digits of JSON": scan(
        "a.json",
        lambda n: json.dumps(document(annotations=[annotation(bbox=["X", 1, 2, 3])])).replace('"X"', "9" * n),
        500_000,
    ),
    "keys of JSON": scan("a.json", lambda n: {**document(), **{f"k{i}": i for i in range(n)}}, 50_000),
    "brackets of JSON": scan(
        "a.json", lambda n: json.dumps(document()).replace('"info": {}', f'"info": {"[" * n}'), 500_000
    ),
    "classes": scan(
        "a.json",
        lambda n: document(categories=[{"id": i, "name": f"c{i}"} for i in range(n)]),
        3_000,
        "--output-format",
        "json",
    ),
    "flagged images": scan(
        "a.json", lambda n: document([image(i) for i in range(n)], []), 4_000, "--output-format", "json"
    ),
    # Images
    "chunks": picture("a.png", lambda n: png(*[chunk(b"tEXt", b"k\0v")] * n), 6_000),
    "directories": picture("a.tiff", tiff, 20_000),
    # Crowds in one image
    "boxes in each other": one_image(
        lambda i, _: [i * 1e-3, i * 1e-3, 3900 - 2e-3 * i, 2900 - 2e-3 * i], 20_000, "--select", "BOX"
    ),
    "boxes on a line": one_image(
        lambda i, _: [100 + i * 0.04, 2900 - i * 0.04 * 0.58 / 0.41, 60, 60], 10_000, "--select", "BOX"
    ),
    "large boxes": one_image(
        lambda i, draw: [draw.uniform(0, 100), draw.uniform(0, 100), draw.uniform(3000, 3800), 2500],
        3_000,
        "--detector",
        "mmdet-fcos",
        "--output-format",
        "json",
    ),
    "contested points": one_image(
        lambda i, draw: [draw.uniform(0, 3900), draw.uniform(0, 2900), 1 + i % 90, 0.5 if i % 2 else 80],
        8_000,
        "--detector",
        "yolov9",
    ),
    "anchors": one_image(
        lambda i, draw: [draw.uniform(0, 3800), draw.uniform(0, 2800), 74, 149], 4_000, "--counts"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_twice_the_file_costs_at_most_two_and_a_half_times_as_much(cost, name):
    bomb = BOMBS[name]
    seconds = [float("inf")] * 2
    for _ in range(3):  # a busy machine makes a run slow, never fast
        for turn, number in enumerate((bomb.n, 2 * bomb.n)):
            _, used, megabytes, size, _ = cost(bomb.args, bomb.files(number))
            seconds[turn] = min(seconds[turn], used)
            assert megabytes < MEMORY + EACH * size / 1e6, (megabytes, size)
        if seconds[1] < max(RATIO * seconds[0], NOISE):
            break
    assert seconds[1] < max(RATIO * seconds[0], NOISE), seconds


@pytest.mark.parametrize("path", ["/proc", "proc"])
def test_a_path_to_what_the_kernel_makes_up_is_not_walked_to_its_end(cost, path):
    files = {"d/data.yaml": f"path: /\ntrain: {path}\nnames: [a]\n"}
    code, *_ = cost(["scan", "d"], files)  # within the limits on CPU time and memory, or it is killed
    assert code in (0, 1, 2)


@pytest.mark.parametrize("path", ["/", "../../../../../../../../.."])
def test_a_path_to_the_whole_machine_is_not_walked_to_its_end(here, path, monkeypatch, capsys):
    """After fewer files than by default: how many images a machine has, and how slow it is, differs."""
    from tests.builders import run

    monkeypatch.setattr("anchoraudit.io.folders._OTHERS", 500)
    make(here, {"d/data.yaml": f"path: /\ntrain: {path}\nnames: [a]\n"})
    assert run("scan", "d") == 2
    assert "more than 500 files and folders" in capsys.readouterr().err


def test_what_the_kernel_makes_up_is_not_walked(tmp_path):
    make(tmp_path, {"a.jpg": "", "b/c.jpg": ""})
    for name in ("proc", "sys"):
        (tmp_path / name).symlink_to(f"/{name}")
    assert list(walk(tmp_path, lambda _: False)) == [("", ["a.jpg"]), ("b", ["c.jpg"])]


def test_a_walk_ends_where_nearly_nothing_is_of_a_data_set(tmp_path, monkeypatch):
    monkeypatch.setattr("anchoraudit.io.folders._OTHERS", 50)
    make(tmp_path, {f"a/{i}.bin": "" for i in range(60)})

    def found() -> int:
        return sum(len(files) for _, files in walk(tmp_path, lambda name: name.endswith(".jpg")))

    with pytest.raises(AnchorauditError, match=r"more than 50 files and folders .* not all of them"):
        found()
    make(tmp_path, {"a.jpg": "", "b.jpg": ""})  # ten others for each image
    assert found() == 62


def test_names_like_a_misspelt_path_are_not_all_tried(forks, tmp_path):
    seconds = []
    for number in (8, 16):
        folder = tmp_path / str(number)
        make(folder, misspelt(number))
        for letter in "cde":
            (folder / f"d/ab{letter}").symlink_to(".")
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended, used, _ = forks.measured(["scan", "d"], folder, env, limits=LIMITS)
        assert ended.returncode == 2, ended.stderr
        seconds.append(used)
    assert seconds[1] < seconds[0] + NOISE


# ---- nothing is executed ---------------------------------------------------------------------------------


class Payload:
    """What a pickle may make its reader do."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def hostile(command: str) -> dict[str, bytes]:
    """Return files that run a command if anything executes them, by the option that reads them."""
    stream = io.BytesIO()
    pickle.dump(Payload(command), stream)
    call = f"__import__('os').system({command!r})"
    tag = f"!!python/object/apply:os.system [{json.dumps(command)}]"
    python = (
        f"import os\nos.system({command!r})\nX = {call}\nmodel = dict(type='RetinaNet', n={call})\n"
        f"CLASSES = [{call}]\n"
    )
    exp = f"{YOLOX}        self.num_classes = {call}\nos = {call}\n"
    lazy = f"from ..common.models.fcos import model\nmodel.num_classes = {call}\n"
    d2 = f"MODEL:\n  META_ARCHITECTURE: RetinaNet\n  X: {tag}\n"
    evaluated = f"MODEL:\n  ANCHOR_GENERATOR:\n    SIZES: !!python/object/apply:eval [{json.dumps(call)}]\n"
    yaml = f"nc: {tag}\nnames: {tag}\nbackbone: {tag}\nhead: {tag}\ntrain: {tag}\n"
    text = {
        "mmdet.py": python, "exp.py": exp, "lazy.py": lazy, "d2.yaml": d2, "eval.yaml": evaluated,
        "ultralytics.yaml": yaml, "names.yaml": f"names: {tag}\nnc: 1\n", "a.cfg": f"[net]\nwidth={call}\n",
        "a.toml": f"name = '''{call}'''\n", "a.json": json.dumps({"model_type": call}),
        "a.names": f"{call}\n$({command})\n`{command}`\n", "base.py": f"_base_ = ['mmdet.py', {call}]\n",
    }  # fmt: skip
    pickled = dict.fromkeys(["a.pt", "a.pth", "a.pkl", "a.py", "a.yaml", "b.json"], stream.getvalue())
    return {**{name: content.encode() for name, content in text.items()}, **pickled}


def test_no_file_is_executed(here, monkeypatch, capsys):
    """Each hostile file would delete one file, and create another one, if something ran it."""
    from tests.builders import run

    canary, made = here / "canary", here / "executed"
    canary.write_text("sings")
    files = hostile(f"rm -f '{canary}'; touch '{made}'")
    work = make(here / "work", {"ds.json": document(annotations=[annotation(bbox=GOOD)]), **files})
    monkeypatch.chdir(work)
    for name in files:
        for args in (
            ["scan", "ds.json", "--detector", name],
            ["scan", "ds.json", "--classes", name],
            ["scan", name],
        ):
            code, err = run(*args), capsys.readouterr().err
            assert code in (0, 1, 2), (args, err)
            assert "nternal error" not in err, (args, err)
    for data in ("names.yaml", "ultralytics.yaml"):
        folder = make(here / data, {"data.yaml": files[data], "images/a.jpg": (9, 9), "labels/a.txt": "x"})
        run("scan", str(folder))
    assert canary.read_text() == "sings"
    assert not made.exists()


def test_the_hostile_files_would_run(tmp_path):
    """The canary would be gone: Python, and pickle, do what these files say."""
    made = tmp_path / "executed"
    files = hostile(f"touch '{made}'")
    pickle.loads(files["a.pt"])
    assert made.exists()
    made.unlink()
    exec(files["mmdet.py"], {})
    assert made.exists()


ODD_TAGS = [
    "!!bool foo", '!!int ""', "!!int '-'", "!!int 0x", '!!float ""', "!!float 1:x", "!!timestamp x",
    "!!timestamp 2001-99-99", "!!binary '*'", "!!null x", "!!python/object:os.system {}", "!!set {a}",
    "!nobody x", "0x" + "f" * 9000, "9" * 9000, "0b" + "1" * 19_999,
]  # fmt: skip


@pytest.mark.parametrize("value", ODD_TAGS, ids=lambda value: value[:24])
def test_values_that_yaml_cannot_make_are_no_internal_error(here, value, capsys):
    from tests.builders import run

    make(
        here,
        {
            "a.json": document(),
            "d.yaml": f"_BASE_: {value}\nMODEL:\n  META_ARCHITECTURE: RetinaNet\n",
            "e.yaml": f"MODEL:\n  META_ARCHITECTURE: RetinaNet\n  RETINANET:\n    NUM_CLASSES: {value}\n",
            "f.yaml": f"nc: {value}\nbackbone:\n  - [-1, 1, Conv, [64]]\nhead:\n  - [[0], 1, Detect, [nc]]\n",
            "d/data.yaml": f"train: images\nnames: {value}\nnc: {value}\n",
            "d/images/a.jpg": (96, 72),
            "d/labels/a.txt": "0 .5 .5 .1 .2\n",
        },
    )
    for args in (
        ["scan", "d"],
        *(["scan", "a.json", "--detector", name] for name in ("d.yaml", "e.yaml", "f.yaml")),
        ["scan", "a.json", "--classes", "d/data.yaml"],
    ):
        code, err = run(*args), capsys.readouterr().err
        assert code in (0, 1, 2)
        assert "nternal error" not in err, err


@pytest.mark.parametrize("text", ["1:30", "1_000", "9" * 100, "0x" + "f" * 98, "1.5e3", "true", "2001-12-14"])
def test_values_that_are_short_are_what_yaml_makes_of_them(text):
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert yaml_value(node) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["1" + ":1" * 50, "1" + "_1" * 50, "9" * 101, "0." + "3" * 99])
def test_values_that_are_long_stay_text(text):
    with pytest.raises(ValueError, match="101 characters"):
        yaml_value(yaml.compose(text, Loader=yaml.SafeLoader))
    assert yaml_value(yaml.compose(f"'{text}'", Loader=yaml.SafeLoader)) == text


@pytest.mark.parametrize(
    "base", ["~nosuchuser/x.yaml", '"a\\0b"', "a/" * 3000 + "b", "/dev/zero", "loop", "."]
)
def test_bases_that_no_file_can_be(here, base, capsys):
    from tests.builders import run

    (here / "loop").symlink_to("loop")
    make(
        here,
        {
            "a.json": document(),
            "d.yaml": f"_BASE_: {base}\nMODEL:\n  META_ARCHITECTURE: RetinaNet\n",
            "d.py": f"_base_ = [{json.dumps(base.strip(chr(34)))}]\nmodel = dict(type='RetinaNet')\n",
        },
    )
    for name in ("d.yaml", "d.py"):
        assert run("scan", "a.json", "--detector", name) == 2
        assert "Keep the base files beside it" in capsys.readouterr().err


def test_a_list_that_is_put_into_itself_is_not_resolved(here, capsys):
    from tests.builders import run

    grow = "".join("a[0] = [a, a, a, a]\n" for _ in range(30))
    make(here, {"a.json": document(), "d.py": f"a = [1]\n{grow}model = dict(type=a)\n"})
    assert run("scan", "a.json", "--detector", "d.py") == 2
    assert "may change it, and is not executed" in capsys.readouterr().err
