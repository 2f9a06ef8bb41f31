"""What goes wrong is said in a sentence with a way out, on stderr, with exit code 2."""

import json
import os
import random
import shlex
import subprocess
import sys

import pytest

from anchoraudit import cli as cli_module
from anchoraudit.formats import format_names
from tests.builders import annotation, document, image, make, run
from tests.conftest import ROOT, SAMPLE

TINY = [1, 1, 3, 3]
COMMANDS = ("scan", "cluster", "filter", "explain")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make(tmp_path, {"a.json": document([image(), image(2)], [annotation(), annotation(2, 2, TINY)])})


def refused(capsys, *args):
    """What stderr says; nothing else may be said."""
    capsys.readouterr()
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error: " in err
    for word in ("Traceback", "internal error", "Warning:"):
        assert word not in err
    return err


class TestValues:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ("--positive-iou nan", "positive threshold is nan"),
            ("--positive-iou 0", "above 0 and at most 1"),
            ("--positive-iou 1.1", "above 0 and at most 1"),
            ("--positive-iou x", "--positive-iou"),
            ("--negative-iou 0.6", "negative threshold is 0.6"),
            ("--negative-iou -0.1", "negative threshold is -0.1"),
            ("--positive-iou 0.3 --negative-iou 0.4", "negative threshold is 0.4"),
            ("--allowed-border nan", "margin is nan"),
            ("--allowed-border -1", "margin is -1"),
            ("--allowed-border inf", '"off"'),
            ("--allowed-border wide", "'wide'"),
            ("--input-size 0", "input size '0'"),
            ("--input-size 640x", "960x720"),
            ("--input-size 640x0", "960x720"),
            ("--input-size -5", "960x720"),
            ("--input-size 1e3", "960x720"),
            ("--input-size 100001", "100000"),
            ("--anchors nope.txt", "nope.txt: cannot be read"),
            ("--anchors a.json", "holds no anchors"),
            ("--anchors a.xml", ".toml, .json, .txt"),
            ("--detector referense", "Did you mean reference?"),
            ("--detector=", "no detector ''"),
            ("--image-folder=", "no such folder"),
            ("--detector nope.toml", "nope.toml: cannot be read: No such file"),
            ("--split nope", "unknown split 'nope'"),
            ("--format bogus", ", ".join(map(repr, format_names()))),
            ("--format voc", "no data set recognised"),
            ("--voc-offset 1,2", "'1,2' is not a VOC offset"),
            ("--voc-offset nan", "'nan' is not a VOC offset"),
            ("--bogus", "--bogus"),
            ("extra", "extra"),
        ],
    )
    @pytest.mark.parametrize("command", ["scan", "filter -o x.json", "explain 1"])
    def test_of_shared_options(self, here, capsys, command, options, words):
        name, *rest = shlex.split(command)
        if name == "explain":
            args = ["explain", "1", "a.json", *shlex.split(options)]
        else:
            args = [name, "a.json", *rest, *shlex.split(options)]
        assert words in refused(capsys, *args)
        assert sorted(path.name for path in here.iterdir()) == ["a.json"]

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            ("scan a.json --limit -1", "--limit"),
            ("scan a.json --fail-on sometimes", "'error', 'warning', 'never'"),
            ("scan a.json --output-format yaml", "'text', 'concise', 'csv', 'github', 'html', 'json'"),
            ("cluster a.json", "--k"),
            ("cluster a.json --k 2 --seed -1", "--seed"),
            ("cluster a.json --k 2 --metric cosine", "'iou', 'ratio', 'euclidean'"),
            ("filter a.json", "--output"),
            ("filter a.json -o x.json --drop ok", "Choose from: "),
            ("filter a.json -o x.json --drop blank,bogus", "cannot drop 'bogus'"),
            ("filter a.json -o x.json --dropped d.txt", ".csv or .parquet"),
            ("explain", "IMAGE"),
            ("bogus", "unknown command 'bogus'"),
            ("--bogus", "--bogus"),
        ],
    )
    def test_of_one_command(self, here, capsys, args, words):
        assert words in refused(capsys, *shlex.split(args))


class TestPaths:
    @pytest.mark.parametrize(
        "name", ["nothing", "no/such/folder", "x" * 300, "x" * 5000, "a.json/b", "\x1b[31m"]
    )
    def test_nothing_there(self, here, capsys, name):
        assert "\x1b" not in refused(capsys, "scan", name)

    def test_what_was_looked_for_and_what_is_there(self, here, capsys):
        make(here, {"ds/readme.txt": "x", "ds/b.txt": "x", "ds/sub/c": "x"})
        error = refused(capsys, "scan", "ds")
        for words in (
            "no data set recognised",
            "It holds 2 .txt.",
            "sub/ (1 without",
            "`anchoraudit formats`",
        ):
            assert words in error

    def test_two_data_sets_are_named(self, here, capsys):
        make(here, {"ds/one/train.json": document(), "ds/two/train.json": document()})
        error = refused(capsys, "scan", "ds")
        assert "ds/one" in error
        assert "ds/two" in error

    @pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "pipe.json", "pipe"])
    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
    def test_devices_and_pipes_are_not_waited_for(self, here, capsys, name):
        if name.startswith("pipe"):
            os.mkfifo(here / name)
        refused(capsys, "scan", name)

    def test_an_empty_folder(self, here, capsys):
        (here / "ds").mkdir()
        assert "an empty folder" in refused(capsys, "scan", "ds")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
    def test_no_permission(self, here, capsys):
        (here / "a.json").chmod(0)
        assert "ermission denied" in refused(capsys, "scan", "a.json")


def test_the_working_directory_is_gone(anchoraudit, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = (
        "import os, sys; os.rmdir(os.getcwd())\n"
        "from anchoraudit import cli; sys.exit(cli.run(['scan', '/nowhere']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=gone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["--version"], *([name, "-h"] for name in COMMANDS)])
def test_help_and_version(capsys, args):
    assert run(*args) == 0
    out, err = capsys.readouterr()
    assert out
    assert err == ""


def test_every_command_is_there(anchoraudit):
    result = anchoraudit("--help")
    assert all(f"\n  {name} " in result.stdout for name in COMMANDS)


class TestDetectorFiles:
    REFERENCE = (SAMPLE.parent / "anchoraudit/detectors/presets/reference.toml").read_text()

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("stride = 16", "strid = 16", "Did you mean stride?"),
            ("stride = 16", "stride = 0", "stride is 0"),
            ("stride = 16", "stride = nan", "stride is nan"),
            ("stride = 16", "stride = inf", "stride"),
            ("stride = 16", "stride = 1e-300", "stride"),
            ("offset = 8", "offset = nan", "offset"),
            ("offset = 8", "offset = inf", "offset"),
            ("[74, 149]", "[74, 0]", "74x0"),
            ("[74, 149]", "[74]", "array"),
            ("margin = 5", "margin = -1", "margin is -1"),
            ("positive = 0.5", "positive = 2.0", "positive threshold is 2"),
            ('kind = "stretch"', 'kind = "zoom"', "zoom"),
            ('name = "reference"', "name = 3", "name"),
            ('name = "reference"', "a = " + "[" * 5000, "my.toml"),
            ("[resize]", "[resize", "TOML"),
        ],
    )
    def test_say_where(self, here, capsys, old, new, words):
        make(here, {"my.toml": self.REFERENCE.replace(old, new, 1)})
        error = refused(capsys, "scan", "a.json", "--detector", "my.toml")
        assert words in error
        assert "my.toml" in error

    def test_a_name_cannot_drive_the_terminal(self, here, capsys):
        make(here, {"my.toml": self.REFERENCE.replace('"reference"', '"\\u001b[31mred"', 1)})
        for args in (["scan", "a.json"], ["cluster", "a.json", "--k", "1"], ["explain", "1", "a.json"]):
            assert run(*args, "--detector", "my.toml") in (0, 1)
            out, err = capsys.readouterr()
            assert "red" in out
            assert "\x1b" not in out + err


TOKENS = [
    *b'null true NaN -Infinity 1e999 -1 0 1e308 1e-320 "" "7" [] {} "\xff" "\\ud800" } ] , " \\ \x00'.split(),
    *b"[[1],[2],[3],[4],[5],[6]] [1e308,1e308,1e308,1e308] 9223372036854775808".split(),
    b'"\\u001b[31m"',
    b"9" * 400,
]


def mutated(data, seed):
    """Real data with a few bytes or values replaced, lost or doubled."""
    dice = random.Random(seed)
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 4])):
        at = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[at : at + dice.randrange(20)] = b""
        elif kind == 1:
            data[at:at] = data[at : at + dice.randrange(100)]
        else:
            start = max(data.rfind(b":", 0, at), data.rfind(b">", 0, at)) + 1
            ends = [end for end in (data.find(mark, start) for mark in (b",", b"}", b"<")) if end > 0]
            data[start : min(ends, default=at)] = dice.choice(TOKENS)
    return bytes(data)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_mutated_data_ends_in_an_answer_or_an_error(here, capsys, kind, seed):
    """Any failure here is the program's: data may be bad in every way."""
    if kind == "coco":
        data = (SAMPLE / "coco/annotations/instances_train.json").read_bytes()
        make(here, {"ds/annotations/instances_train.json": mutated(data, seed)})
    else:
        sources = sorted((SAMPLE / "voc/Annotations").iterdir())[seed % 20 :][:3]
        make(here, {f"ds/{p.name}": mutated(p.read_bytes(), seed + i) for i, p in enumerate(sources)})
    capsys.readouterr()
    for args in (
        ["scan", "ds", "--output-format", "json", "--export-images", "i.csv", "--export-boxes", "b.parquet"],
        ["scan", "ds"],
        ["filter", "ds", "-o", "clean.json", "--dropped", "gone.csv"],
    ):
        code = run(*args)
        out, err = capsys.readouterr()
        assert code in (0, 1, 2)
        assert "internal error" not in err
        assert "\x1b" not in out + err
        if "json" in args and code < 2:
            json.loads(out)
    if (here / "clean.json").exists():
        json.loads((here / "clean.json").read_bytes().decode())


def test_a_grid_too_large_to_enumerate_is_named_and_not_built(here, capsys):
    """A picture of 1x3000 px whose shorter side becomes 800 px: a scan judges it, explain cannot list it."""
    tall = document([image(7, width=1, height=3000)], [annotation(1, 7, [0, 9, 1, 99])])
    preset = (ROOT / "anchoraudit/detectors/presets/detectron2-retinanet.toml").read_text("utf-8")
    assert preset.count("cap = 1333") == 1
    make(here, {"a.json": tall, "d.toml": preset.replace("cap = 1333", "cap = 0")})
    assert run("scan", "a.json", "--detector", "d.toml", "-q") in (0, 1)
    assert run("explain", "7", "a.json", "--detector", "d.toml") == 2
    said = capsys.readouterr().err
    assert (
        "a.json, image 7: an input of 800x2,400,000 px has 359,943,750 anchors" in said
    )  # 9 of each: 100x300,000, 50x150,000, ...


def test_an_interrupt_within_the_making_of_a_class_is_an_interrupt(capsys, monkeypatch):
    """Python 3.11 raises RuntimeError from the KeyboardInterrupt there (`__set_name__`)."""

    def interrupted(*_args, **_kwargs):
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr(cli_module.cli, "main", interrupted)
    assert run("formats") == 130
    assert capsys.readouterr() == ("", "interrupted; no file was left half written\n")
