"""Adding is one file: each folder of `fixtures/added` holds one, and with it the program has one thing more.

No list of names has to change. `tests/test_architecture.py` has the same for a kind of matching.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import anchoraudit
from anchoraudit import cli, formats, loaders, rules
from anchoraudit.anchors import export
from anchoraudit.detectors import _presets, models, readers
from anchoraudit.report import exports, outputs, plots
from tests.builders import annotation, document, make, run

ADDED = Path(__file__).parent / "fixtures" / "added"
COMMANDS = ("scan", "cluster", "export")  # their options list what there was when they were imported


@pytest.fixture
def add(monkeypatch):
    """Add the one file of a folder to a package, as if it lay there."""

    def to(package, folder):
        files = [path for path in (ADDED / folder).iterdir() if path.suffix == ".py"]
        assert len(files) == 1
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(ADDED / folder)])
        for command in COMMANDS:
            monkeypatch.delitem(sys.modules, f"anchoraudit.cli.{command}", raising=False)
            monkeypatch.delattr(cli, command, raising=False)

    yield to
    for command in COMMANDS:  # those imported here go, and monkeypatch puts the others back
        sys.modules.pop(f"anchoraudit.cli.{command}", None)
        vars(cli).pop(command, None)
    for name in [name for name, module in sys.modules.items() if ADDED in _parents(module)]:
        del sys.modules[name]


def _parents(module):
    return Path(getattr(module, "__file__", None) or "nowhere").parents


@pytest.fixture
def data(tmp_path):
    """An image with two boxes."""
    boxes = [annotation(1), annotation(2, bbox=[100, 100, 74, 149])]
    return make(tmp_path, {"a.json": document(annotations=boxes)}) / "a.json"


def test_a_format(tmp_path, add, capsys):
    add(formats, "formats")
    box = {"label": "cat", "middle": {"x": 437, "y": 434.5, "width": 74, "height": 149}}
    entries = [{"picture": "a.png", "objects": [box]}, {"objects": []}, {"picture": "b.png"}]
    root = make(tmp_path, {"labels.json": entries, "images/a.png": (960, 720)})
    dataset = anchoraudit.read(root / "labels.json")
    assert (dataset.format, dataset.images.ids, dataset.images.width[0]) == (
        "centred",
        ["a.png", "b.png"],
        960,
    )
    assert dataset.boxes.xyxy.tolist() == [[400, 360, 474, 509]]
    assert [(found.code, found.place) for found in dataset.findings] == [
        ("PAR002", "[1]"),
        ("IMG001", "[2]"),
        ("IMG002", "[2]"),
    ]
    assert run("scan", root / "labels.json", "--output-format", "concise") == 1
    assert "[1]: PAR002 error the entry names no image" in capsys.readouterr().out
    assert run("formats") == run("formats", "show", "centred") == 0
    assert capsys.readouterr().out.count("a centred .json file, or SPLIT/_annotations.centred.json") == 2
    # COCO still reads what is COCO.
    assert anchoraudit.read(make(tmp_path, {"c.json": document()}) / "c.json").format == "coco"


def test_a_rule(tmp_path, add, capsys):
    add(rules, "rules")
    named = {"categories": [{"id": 1, "name": "todo"}]}
    path = make(tmp_path, {"a.json": document(**named)}) / "a.json"
    assert run("scan", path, "--output-format", "concise") == 1
    assert "CLS900 error a class is called 'todo'" in capsys.readouterr().out
    assert run("scan", path, "--ignore", "CLS9") == 0
    assert run("rules", "show", "CLS900") == 0
    assert "Name the class." in capsys.readouterr().out


def test_a_loader(data, add, capsys):
    add(loaders, "loaders")
    assert run("scan", data, "--loader", "first-only", "--output-format", "json") == 0
    assert json.loads(capsys.readouterr().out)["summary"]["usable"] == 1


def test_a_command(data, add, capsys):
    add(cli, "cli")
    assert run("tally", data) == 0
    assert capsys.readouterr().out == "1 images, 2 boxes\n"
    assert run("--help") == 0
    assert "Count the images and boxes" in capsys.readouterr().out


def test_an_output(data, add, capsys):
    add(outputs, "outputs")
    assert run("scan", data, "--output-format", "verdicts_only") == 0
    assert capsys.readouterr().out == "ok 1\n"


def test_a_kind_of_detector_file(tmp_path, data, add):
    add(readers, "readers")
    path = make(tmp_path, {"mine.threshold": "0.7"}) / "mine.threshold"
    detector = anchoraudit.load_detector(path)
    assert (detector.name, detector.match.positive) == ("mine", 0.7)
    assert run("scan", data, "--detector", path) == 0


def test_a_kind_of_model_in_memory(data, add):
    add(models, "models")
    detector = anchoraudit.Detector.from_model(SimpleNamespace(threshold=0.7))
    assert (detector.name, detector.match.positive) == ("reference", 0.7)
    assert anchoraudit.audit(data, SimpleNamespace(inside=SimpleNamespace(threshold=0.7))).summary()


def test_a_framework_to_write_anchors_for(data, add, capsys):
    add(export, "export")
    assert run("cluster", data, "--k", 1, "--detector", "reference", "--for", "plain_text") == 0
    assert "74 x 149" in capsys.readouterr().out


def test_a_preset(tmp_path, data, monkeypatch, capsys):
    """A preset is a file in one folder, so the folder is exchanged."""
    text = (_presets.FOLDER / "reference.toml").read_text("utf-8")
    own = text.replace('name = "reference"', 'name = "lenient"').replace("positive = 0.5", "positive = 0.4")
    make(tmp_path, {"presets/lenient.toml": own, "presets/reference.toml": text})
    monkeypatch.setattr(_presets, "FOLDER", tmp_path / "presets")
    assert anchoraudit.load_detector("lenient").match.positive == 0.4
    assert run("compare", data, "--detector", "lenient", "--detector", "reference") == 0
    assert "lenient" in capsys.readouterr().out


def test_a_program_to_export_to(tmp_path, data, add, capsys):
    add(exports, "exports")
    words = ["export", data, "--to", "names", "-o", tmp_path / "out", "--verdict", "ok", "--loader", "none"]
    assert run(*words) == 0
    assert (tmp_path / "out" / "names.txt").read_text() == "1.jpg\n"
    said = "".join(capsys.readouterr().out.split())  # a long path is broken into lines
    assert f"Print{tmp_path / 'out'}/names.txt." in said


def test_a_plot(data, add):
    add(plots, "plots")
    result = anchoraudit.audit(data)
    assert "widest" in dir(result.plot)
    assert plots.display_of("widest").of(result).pixels == 960
