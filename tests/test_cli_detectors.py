"""`anchoraudit detectors`: the table, a preset word by word, any other file as TOML that reads back equal."""

import csv
import io
import json
import re
import shutil
import tomllib

import msgspec
import pytest

from anchoraudit.cli import run
from anchoraudit.detectors import _presets, load_detector, preset_names
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Loss, Match, Resize
from anchoraudit.detectors.toml_text import to_toml
from anchoraudit.report.text.detectors import show_toml
from tests.test_readme import completions

PRESETS = _presets.FOLDER
OWN = """\
name = "mine"
notes = ["no augmentation"]
[resize]
kind = "longest_side"
side = 640
[[anchors.levels]]
stride = 8
offset = 4
shapes = [[16.5, 16], [32, 32]]
[border]
margin = "off"
[match]
positive = 0.5
negative = 0.4
force = "ties"
[loss]
normaliser = "image_positives_or_skip"
"""
EVERYTHING = Detector(
    name='quote " backslash \\ bell \x07 delete \x7f é \U0001f600 \x1b[31m',
    framework="",
    sources=tuple(f"file {number}.py: " + "x" * 40 for number in range(5)),
    notes=("a\nb\tc",),
    resize=Resize(
        kind="short_side",
        side=600,
        cap=1000,
        cap_rule="rounded",
        enlarge_only=True,
        clip="image",
        clip_margin=0.5,
        pad="multiple",
        multiple=32,
    ),
    anchors=Anchors(
        precision="float32",
        round_sides=True,
        levels=(
            Level(stride=8, offset=3.5, sizes=(32, 32 * 2 ** (1 / 3)), ratios=(0.5, 1, 2), scales=(1, 1.5)),
            Level(stride=16.25, shapes=tuple((i + 1 / 3, 1e5) for i in range(30)), cells=(3, 4)),
        ),
    ),
    border=Border(margin=0.0, of="centre", low_inclusive=True, stage="after"),
    match=Match(positive=0.7, negative=0.3, negative_inclusive=False, force="best", force_floor=1e-5),
    loss=Loss(normaliser="constant", negatives_per_positive=3),
)


YOLO = """\
nc: 80
anchors:
  - [10,13, 16,30, 33,23]
backbone:
  [[-1, 1, Conv, [64, 6, 2, 2]],
   [-1, 1, Conv, [128, 3, 2]],
   [-1, 1, Conv, [128, 3, 2]]]
head:
  [[[2], 1, Detect, [nc, anchors]]]
"""
DARKNET = """\
[net]
width=416
height=416
[convolutional]
filters=170
size=3
stride=2
pad=1
[yolo]
mask = 0,1
anchors = 10,14, 23,27
classes=80
num=2
"""
MMDETECTION = """\
model = dict(
    type='FasterRCNN',
    rpn_head=dict(
        type='RPNHead',
        anchor_generator=dict(
            type='AnchorGenerator', scales=[8], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16, 32, 64])),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(
                type='MaxIoUAssigner', pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3),
            allowed_border=-1)))
"""
# The file that is shown first, then those that it includes.
FRAMEWORKS = {
    "yolo": {"yolo.yaml": YOLO},
    "darknet": {"net.cfg": DARKNET},
    "detectron2": {
        "rpn.yaml": "_BASE_: base.yaml\nMODEL:\n  RPN:\n    BOUNDARY_THRESH: 0\n",
        "base.yaml": "MODEL:\n  ANCHOR_GENERATOR:\n    SIZES: [[16, 32]]\n",
    },
    "mmdetection": {
        "mine.py": "_base_ = 'base.py'\nmodel = dict(rpn_head=dict(anchor_generator=dict(scales=[4])))\n",
        "base.py": MMDETECTION,
    },
}


@pytest.fixture
def own(anchoraudit):
    """The file of a detector, in the directory where the program runs."""
    path = anchoraudit.cwd / "own.toml"
    path.write_text(OWN)
    return path


@pytest.fixture
def presets(tmp_path, monkeypatch):
    """A copy of the presets that takes their place, to put a file into."""
    folder = tmp_path / "presets"
    shutil.copytree(PRESETS, folder)
    monkeypatch.setattr(_presets, "FOLDER", folder)
    yield folder
    _presets.preset.cache_clear()


class TestList:
    def test_the_table_names_every_preset(self, anchoraudit):
        result = anchoraudit("detectors", env={"COLUMNS": "140"})
        assert (result.returncode, result.stderr) == (0, "")
        lines = result.stdout.splitlines()
        assert lines[0] == f"Detectors ({len(preset_names())})"
        assert re.split("  +", lines[1]) == ["name", "empty mask", "can end empty", "framework"]
        for name in preset_names():
            (line,) = [line for line in lines if line.split(" ")[0] == name]
            detector = load_detector(name)
            ends = "yes" if detector.can_end_empty else "no"
            assert re.split("  +", line)[1:3] == [detector.loss.outcome, ends]

    def test_list_is_the_same(self, anchoraudit):
        for words in ([], ["--output-format", "json"], ["--output-format", "csv"]):
            assert anchoraudit("detectors", *words).stdout == anchoraudit("detectors", "list", *words).stdout

    def test_json_and_csv_say_the_same(self, anchoraudit):
        rows = json.loads(anchoraudit("detectors", "--output-format", "json").stdout)
        table = csv.DictReader(io.StringIO(anchoraudit("detectors", "--output-format", "csv").stdout))
        words = {True: "yes", False: "no"}
        assert [{**row, "can_end_empty": words[row["can_end_empty"]]} for row in rows] == list(table)
        assert [row["name"] for row in rows] == preset_names()
        for row in rows:
            detector = load_detector(row["name"])
            assert row == {
                "name": row["name"],
                "framework": detector.framework,
                "empty_mask": detector.loss.outcome,
                "can_end_empty": detector.can_end_empty,
                "empty_when": detector.empty_when,
                "on_empty": detector.on_empty,
            }

    def test_the_table_goes_to_a_file(self, anchoraudit):
        assert anchoraudit("detectors", "-o", "list.txt").stdout == ""
        assert (anchoraudit.cwd / "list.txt").read_text() == anchoraudit("detectors").stdout

    def test_options_of_the_list_do_not_vanish_before_show(self, anchoraudit):
        for words in (["--output-format", "json"], ["-o", "x"]):
            result = anchoraudit("detectors", *words, "show", "reference")
            assert (result.returncode, result.stdout) == (2, "")
            assert "must come after 'show'" in result.stderr
        assert list(anchoraudit.cwd.iterdir()) == []

    def test_help_of_every_part(self, anchoraudit):
        for words in ([], ["list"], ["show"]):
            result = anchoraudit("detectors", *words, "--help")
            assert (result.returncode, result.stderr) == (0, "")
            assert "--output-format" in result.stdout


class TestShowPreset:
    @pytest.mark.parametrize("name", preset_names())
    def test_word_by_word(self, name, capsys):
        assert run(["detectors", "show", name]) == 0
        assert capsys.readouterr().out == (PRESETS / f"{name}.toml").read_text()

    def test_through_a_file_it_is_a_detector_again(self, anchoraudit):
        result = anchoraudit("detectors", "show", "reference", "-o", "mine.toml")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert load_detector(anchoraudit.cwd / "mine.toml") == load_detector("reference")

    def test_json_has_the_keys_of_a_file(self, anchoraudit):
        found = json.loads(anchoraudit("detectors", "show", "reference", "--output-format", "json").stdout)
        detector = load_detector("reference")
        assert msgspec.convert(found.pop("detector"), Detector) == detector
        assert found == {
            "empty_mask": "nan",
            "can_end_empty": True,
            "empty_when": detector.empty_when,
            "on_empty": detector.on_empty,
        }


class TestShowFile:
    def test_what_was_understood(self, anchoraudit, own):
        result = anchoraudit("detectors", "show", own)
        assert (result.returncode, result.stderr) == (0, "")
        assert tomllib.loads(result.stdout) == tomllib.loads(OWN)
        remarks = result.stdout.split("\n\n")[-1]
        assert remarks == (
            "# An image with usable boxes never ends empty.\n"
            "# With it, an image without a positive anchor is skipped silently: "
            "its loss is 0, and even its negative anchors teach nothing.\n"
        )

    @pytest.mark.parametrize("name", FRAMEWORKS)
    def test_a_file_of_a_framework_becomes_toml_that_reads_back_equal(self, anchoraudit, name):
        for file, text in FRAMEWORKS[name].items():
            (anchoraudit.cwd / file).write_text(text)
        file = next(iter(FRAMEWORKS[name]))
        result = anchoraudit("detectors", "show", file, "-o", "understood.toml")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        understood = load_detector(anchoraudit.cwd / "understood.toml")
        assert understood == load_detector(anchoraudit.cwd / file)
        assert understood != load_detector("reference")
        for base in FRAMEWORKS[name]:
            assert anchoraudit("detectors", "show", file, "-o", base).returncode == 2
            assert (anchoraudit.cwd / base).read_text() == FRAMEWORKS[name][base]

    def test_it_is_never_overwritten(self, anchoraudit, own):
        (anchoraudit.cwd / "link.toml").symlink_to(own)
        for output in (own, "link.toml", PRESETS / "reference.toml"):
            result = anchoraudit("detectors", "show", own, "-o", output)
            assert (result.returncode, result.stdout) == (2, "")
            assert "inputs are never changed" in result.stderr
        assert own.read_text() == OWN

    @pytest.mark.parametrize("name", ["pyproject.toml", "anchoraudit.toml"])
    def test_nor_are_settings(self, anchoraudit, own, name):
        (anchoraudit.cwd / name).write_text("# mine\n")
        for words in (["show", own], ["show", "reference"], ["list"]):
            assert anchoraudit("detectors", *words, "-o", name).returncode == 2
        assert (anchoraudit.cwd / name).read_text() == "# mine\n"

    def test_an_older_output_is_replaced(self, anchoraudit, own):
        (anchoraudit.cwd / "out.toml").write_text("old")
        assert anchoraudit("detectors", "show", own, "-o", "out.toml").returncode == 0
        assert load_detector(anchoraudit.cwd / "out.toml") == load_detector(own)

    def test_what_is_not_there(self, anchoraudit, own):
        own.write_text(OWN.replace("side = 640", "sides = 640"))
        for detector, said in (
            ("refrence", "Did you mean reference?"),
            ("no.toml", "no.toml"),
            (own, "line 5"),
        ):
            result = anchoraudit("detectors", "show", detector)
            assert (result.returncode, result.stdout) == (2, "")
            assert said in result.stderr


class TestWriter:
    @pytest.mark.parametrize("name", preset_names())
    def test_presets_read_back_equal(self, name, tmp_path):
        detector = load_detector(name)
        for text in (to_toml(detector), show_toml(detector)):
            (tmp_path / "back.toml").write_text(text)
            assert load_detector(tmp_path / "back.toml") == detector

    def test_every_kind_of_value_reads_back_equal(self, tmp_path):
        text = show_toml(EVERYTHING)
        assert text.isascii()
        assert not re.search(r"[^\n -~]", text)
        (tmp_path / "back.toml").write_text(text)
        assert load_detector(tmp_path / "back.toml") == EVERYTHING

    def test_defaults_are_left_out(self):
        detector = load_detector("reference")
        given = tomllib.loads((PRESETS / "reference.toml").read_text())
        assert tomllib.loads(to_toml(detector)) == given

    def test_a_file_name_that_is_no_text_still_gives_toml(self):
        detector = msgspec.structs.replace(EVERYTHING, name="\udcff")
        assert tomllib.loads(to_toml(detector))["name"] == "\ufffd"


class TestNewPreset:
    """Adding a preset is adding one TOML file."""

    def test_it_is_listed_shown_and_loaded(self, presets, capsys):
        (presets / "mine.toml").write_text(OWN)
        assert "mine" in preset_names()
        assert load_detector("mine").name == "mine"
        assert run(["detectors", "--output-format", "json"]) == 0
        rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
        assert rows.keys() == set(preset_names())
        assert rows["mine"]["empty_mask"] == "skipped"
        assert not rows["mine"]["can_end_empty"]
        assert run(["detectors", "show", "mine"]) == 0
        assert capsys.readouterr().out == OWN

    def test_it_is_completed(self, presets):
        from anchoraudit.cli._options import DetectorName

        (presets / "mine.toml").write_text(OWN)
        assert [item.value for item in DetectorName().shell_complete(None, None, "min")] == ["mine"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "reference" in completions(shell, "anchoraudit detectors show ref")
    assert "show" in completions(shell, "anchoraudit detectors sh")
