"""Labelbox: by the library where it is installed, and what its absence or failure says."""

import importlib.util
import json
import sys
import types
from importlib.machinery import ModuleSpec

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, labelformat, read
from tests.builders import make, run

INSTALLED = importlib.util.find_spec("labelformat") is not None
library = pytest.mark.skipif(not INSTALLED, reason="labelformat is not installed")

ROW = {
    "data_row": {"id": "1", "external_id": "a.jpg"},
    "media_attributes": {"width": 100, "height": 50},
    "projects": {
        "p": {
            "labels": [
                {
                    "annotations": {
                        "objects": [
                            {
                                "annotation_kind": "ImageBoundingBox",
                                "name": "cat",
                                "bounding_box": {"left": 1, "top": 2, "width": 3, "height": 4},
                            },
                            {"annotation_kind": "ImagePolygon", "name": "dog"},
                        ]
                    }
                }
            ]
        }
    },
}


def test_labelbox_is_told_by_its_first_line(tmp_path):
    make(tmp_path, {"l.ndjson": json.dumps(ROW) + "\n", "o.ndjson": "{}\n"})
    assert detect(tmp_path / "l.ndjson").reason == "Labelbox, an ndjson file"
    assert labelformat.detect(tmp_path / "o.ndjson") is None
    assert labelformat.detect(tmp_path).path == tmp_path / "l.ndjson"


# Without the library, and with one that fails


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "labelformat", None)
    make(tmp_path, {"l.ndjson": json.dumps(ROW) + "\n"})
    with pytest.raises(AnchorauditError, match=r"pip install 'anchoraudit\[labelformat\]'"):
        read(tmp_path / "l.ndjson")
    assert run("scan", tmp_path / "l.ndjson") == 2
    assert "pip install 'anchoraudit[labelformat]'" in capsys.readouterr().err


def stand_in(monkeypatch, reader):
    """A library that has only this reader."""
    own = {"LabelboxObjectDetectionInput": reader}
    for name, content in (
        ("labelformat", {}),
        ("labelformat.formats", own),
        ("labelformat.formats.labelbox", {"FilenameKeyOption": str}),
    ):
        module = types.ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def test_whatever_the_library_raises_names_the_file(tmp_path, monkeypatch):
    class Failing:
        def __init__(self, *_):
            raise KeyError("a long\nstory")

    stand_in(monkeypatch, Failing)
    make(tmp_path, {"l.ndjson": json.dumps(ROW) + "\n"})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "l.ndjson")
    assert caught.value.path == str(tmp_path / "l.ndjson")
    assert caught.value.message == r"labelformat cannot read it: KeyError: 'a long\nstory'"


def test_what_the_library_is_asked_for_and_what_becomes_of_it(tmp_path, monkeypatch):
    """The library's interface as it is used: the constructor, and `get_labels`."""

    def thing(**values):
        return types.SimpleNamespace(**values)

    class Reader:
        def __init__(self, input_file, category_names, filename_key):
            self.asked = (input_file, category_names, filename_key)

        def get_labels(self):
            assert self.asked == (tmp_path / "l.ndjson", "cat", "external_id")
            box = thing(xmin=1, ymin=2, xmax=4, ymax=6)
            image = thing(id=0, filename="a.jpg", width=100, height=50)
            yield thing(image=image, objects=[thing(category=thing(name="cat"), box=box)])

    stand_in(monkeypatch, Reader)
    make(tmp_path, {"l.ndjson": json.dumps(ROW) + "\n"})
    dataset = read(tmp_path / "l.ndjson")
    assert dataset.images.ids == ["a.jpg"]
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 4, 6]]
    assert [category.name for category in dataset.categories] == ["cat"]
    assert dataset.sources[0].item == "line"


# By the library itself


@library
def test_labelbox(tmp_path):
    make(tmp_path, {"l.ndjson": f"{json.dumps(ROW)}\n", "a.jpg": (100, 50)})
    dataset = read(tmp_path / "l.ndjson")
    assert (dataset.images.ids, dataset.images.width.tolist()) == (["a.jpg"], [100])
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 4, 6]]
    assert dataset.sources[0].item == "line"
    assert dataset.notes == ["1 objects that are not boxes are not read"]


@library
@pytest.mark.parametrize("second", ["{", json.dumps({**ROW, "projects": {}}), "[]"])
def test_a_broken_line_of_labelbox_is_named(tmp_path, second):
    make(tmp_path, {"l.ndjson": f"{json.dumps(ROW)}\n{second}\n"})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "l.ndjson")
    assert (caught.value.path, caught.value.place) == (str(tmp_path / "l.ndjson"), "line 2")


@library
def test_there_are_no_splits(tmp_path):
    make(tmp_path, {"l.ndjson": json.dumps(ROW) + "\n"})
    with pytest.raises(AnchorauditError, match="unknown split 'train'"):
        read(tmp_path / "l.ndjson", splits=("train",))
