"""Detectors of models and configurations in memory: what is looked through, refused, and taken.

`tests/model_cases` has what the objects of each framework look like, and its own ones if it is installed.
"""

import re
import sys
from types import ModuleType
from types import SimpleNamespace as Plain

import msgspec
import pytest

import anchoraudit
from anchoraudit import Detector, audit, compare, load_detector
from anchoraudit.detectors import at_version, models
from anchoraudit.detectors.loading import Loading
from anchoraudit.errors import AnchorauditError
from tests.model_cases import Module, case_modules, transformers
from tests.test_from_torchvision import FPN, SSD300, faster_rcnn, fcos, retinanet

IMAGE = {"width": 640, "height": 480, "boxes": [[50, 60, 250, 320]], "labels": [1]}


CASES = case_modules()
# The classes are compared if the other detector states some, and without where that was.
NOT_COMPARED = {"name", "sources", "notes", "framework", "classes", "augmentation"}
STAND_INS = [(reader, case) for reader, module in CASES.items() for case in module.stand_ins()]


class DataParallel(Module):
    pass


class OptimizedModule(Module):
    """As torch.compile's: it hands on what it does not have."""

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self._modules["_orig_mod"], name)


class Lit(Module):
    pass


@pytest.mark.parametrize("model", [faster_rcnn(FPN), retinanet(), SSD300, fcos()])
def test_a_model_of_torchvision(model):
    detector = Detector.from_model(model)
    assert detector == load_detector(model) == Detector.from_torchvision(model)
    assert Detector.from_model(DataParallel(module=model)) == detector
    compiled = OptimizedModule(_orig_mod=model)
    assert Detector.from_model(compiled) == Detector.from_torchvision(compiled) == detector
    assert Detector.from_model(DataParallel(module=compiled)) == detector


def test_names_files_and_detectors():
    preset = load_detector("yolov5")
    assert Detector.from_model("yolov5") is Detector.from_model(preset) is preset
    with pytest.raises(AnchorauditError, match="no detector 'yolov55'"):
        Detector.from_model("yolov55")
    with pytest.raises(AnchorauditError, match=r"nothing\.toml"):
        Detector.from_model("nowhere/nothing.toml")


class TestInside:
    def test_the_only_model_is_taken_and_named(self):
        model = retinanet()
        lit = Lit(net=Lit(detector=OptimizedModule(_orig_mod=model)), metric=Lit())
        detector = Detector.from_model(lit)
        assert detector.notes[0] == "Read of Lit: its net.detector, a SimpleNamespace."
        assert detector.notes[1:] == Detector.from_model(model).notes

    def test_an_object_that_is_no_module(self):
        holder = Plain(model=retinanet(), epochs=3)
        assert Detector.from_model(holder).notes[0].startswith("Read of SimpleNamespace: its model,")

    def test_one_model_under_two_names_is_one(self):
        model = retinanet()
        assert Detector.from_model(Lit(a=model, b=DataParallel(module=model))).notes[0].startswith("Read of")

    def test_beside_its_model_a_configuration_does_not_count(self):
        own = transformers.config("detr", num_queries=77)
        lit = Lit(config=own, model=transformers.model(own))
        detector = Detector.from_model(lit)
        assert detector.notes[0] == "Read of Lit: its model, a SomeForObjectDetection."
        assert detector.match.queries == 77

    def test_several_are_listed(self):
        lit = Lit(student=retinanet(), teacher=Lit(net=SSD300))
        with pytest.raises(AnchorauditError) as raised:
            Detector.from_model(lit)
        assert str(raised.value).splitlines() == [
            "Lit has 2 detection models, so it is unknown which one is trained",
            "  student: SimpleNamespace",
            "  teacher.net: SimpleNamespace",
            "  Give one of them, such as Detector.from_model(model.student).",
        ]

    def test_module_beside_others_is_not_a_wrapper(self):
        with pytest.raises(AnchorauditError, match="2 detection models"):
            Detector.from_model(Lit(module=retinanet(), teacher=SSD300))

    def test_a_circle_ends(self):
        lit = Lit()
        lit._modules["itself"] = lit
        lit._modules["other"] = Lit(back=lit)
        with pytest.raises(AnchorauditError, match="Lit is not a detector"):
            Detector.from_model(lit)


@pytest.mark.parametrize("odd", [None, 3, 2.5, b"yolov5", [retinanet()], {"a": 1}, object(), Module, sys])
def test_anything_else_is_refused_with_what_can_be_read(odd):
    with pytest.raises(AnchorauditError) as raised:
        Detector.from_model(odd)
    assert raised.value.message.startswith(f"{type(odd).__name__} is not a detector that can be read")
    for reader in models.model_readers():
        assert reader.READS in raised.value.remedy
    assert "docs/detectors.md" in raised.value.remedy


def test_a_model_stands_where_a_detector_is_named():
    model = retinanet()
    named = "torchvision-retinanet_resnet50_fpn"
    assert audit([IMAGE], model).summary()["matched"] == audit([IMAGE], named).summary()["matched"] == 1
    assert anchoraudit.advise([IMAGE], model).rows[0].unmatched == 0
    assert [row.detector for row in compare([IMAGE], model)] == ["SimpleNamespace"]
    assert [row.detector for row in compare([IMAGE], (model, named))] == ["SimpleNamespace", named]


def test_the_version_that_is_loaded_comes_before_the_installed_one(monkeypatch):
    loaded = ModuleType("ultralytics")
    loaded.__version__ = "8.3.120"
    monkeypatch.setitem(sys.modules, "ultralytics", loaded)
    assert at_version.installed("ultralytics") == "8.3.120"
    loaded.__version__ = None
    assert at_version.installed("ultralytics") != "None"


def test_every_reader_has_its_cases():
    assert sorted(CASES) == [reader.__name__.rpartition(".")[2] for reader in models.model_readers()]
    assert {reader for reader, _ in STAND_INS} == set(CASES)


@pytest.mark.parametrize(("reader", "case"), STAND_INS, ids=lambda one: getattr(one, "name", one))
def test_a_stand_in_is_read_by_its_reader_alone(reader, case):
    assert read_by(case.model) == [reader]
    check(case)


@pytest.mark.parametrize("reader", CASES)
def test_the_frameworks_own(reader):
    package = CASES[reader].PACKAGE
    pytest.importorskip(package, reason=f"install {package}: models of {reader} are made with it")
    for case in CASES[reader].real():
        assert read_by(case.model) == [reader], case.name
        check(case)


def read_by(model):
    return [one.__name__.rpartition(".")[2] for one in models.model_readers() if one.recognises(model)]


def check(case):
    """The detector is the one that the case names; or the model is refused, with the case's words."""
    if not case.like:
        with pytest.raises(AnchorauditError, match=re.escape(case.says)):
            Detector.from_model(case.model)
        return
    detector, like = Detector.from_model(case.model), load_detector(case.like)
    # What a configuration states of the loading, a preset may leave to the loader.
    unstated = {"loading"} if like.loading == Loading() else set()
    for field in set(like.__struct_fields__) - NOT_COMPARED - unstated:
        assert getattr(detector, field) == getattr(like, field), (case.name, field)
    if not like.classes.is_silent:
        where = {"stated_in": "", "heads": {}}
        mine, theirs = (msgspec.structs.replace(one.classes, **where) for one in (detector, like))
        assert mine == theirs, case.name
    assert any(case.says in note for note in (*detector.notes, ""))
