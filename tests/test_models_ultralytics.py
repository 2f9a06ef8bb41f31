"""YOLO and RTDETR of ultralytics in memory: the size, the classes, the version, a loss of one's own."""

import sys
from types import ModuleType
from types import SimpleNamespace as Plain

import pytest

from anchoraudit import Detector, load_detector
from anchoraudit.errors import AnchorauditError
from tests.model_cases import Tensor, of
from tests.model_cases.ultralytics import network, yolo

NAMES = {0: "cat", 1: "dog"}


@pytest.mark.parametrize(
    ("imgsz", "strides", "side"),
    [
        (1280, (8, 16, 32), 1280),
        (630, (8, 16, 32), 640),
        (700, (8, 16, 32, 64), 704),
        (100, (8, 16), 128),
        (0, (8, 16, 32), 32),
        ([320, 512], (8, 16, 32), 512),
    ],
)
def test_the_size_is_made_a_multiple_as_training_does(imgsz, strides, side):
    model = yolo(network("Detect", *strides), imgsz=imgsz)
    detector = Detector.from_model(model)
    assert (detector.resize.side, detector.resize.pad) == (side, "square")
    assert any(f"imgsz, {side};" in note for note in detector.notes)
    check_imgsz = getattr(sys.modules.get("ultralytics.utils.checks"), "check_imgsz", None)
    if check_imgsz is not None:
        assert check_imgsz(imgsz, stride=max(32, *strides), floor=max(32, *strides), max_dim=1) == side


def test_an_rtdetr_is_stretched_to_its_size():
    network_ = network("RTDETRDecoder", of_head=(), num_queries=150)
    detector = Detector.from_model(yolo(network_, imgsz=512))
    assert (detector.resize.width, detector.resize.height, detector.match.queries) == (512, 512, 150)


@pytest.mark.parametrize("imgsz", [None, "640", True, 1.5, []])
def test_a_size_that_is_none_leaves_the_default(imgsz):
    detector = Detector.from_model(yolo(network("Detect", 8, 16, 32), imgsz=imgsz))
    assert detector.resize == load_detector("ultralytics-yolo11").resize
    assert any("has no imgsz" in note for note in detector.notes)


class TestClasses:
    def test_a_loaded_model_gets_those_of_the_data(self):
        model = network("Detect", 8, 16, 32, names=NAMES, args={"imgsz": 640})
        for loaded in (yolo(model), model):
            detector = Detector.from_model(loaded)
            assert detector.classes.is_silent
            assert detector.notes[-1].endswith("classes of data.yaml, in place of the model's 80.")

    def test_a_model_in_training_has_its_own(self):
        model = network("Detect", 8, 16, 32, names=NAMES, args=Plain(imgsz=320))
        model.model[-1].nc = 2
        detector = Detector.from_model(model)
        assert (detector.classes.count, detector.classes.names) == (2, ("cat", "dog"))
        assert detector.resize.side == 320

    def test_numbers_are_no_names(self):
        model = network("Detect", 8, 16, 32)
        assert (Detector.from_model(model).classes.count, Detector.from_model(model).classes.names) == (
            80,
            (),
        )


class TestVersion:
    @pytest.fixture
    def loaded(self, monkeypatch):
        module = ModuleType("ultralytics")
        monkeypatch.setitem(sys.modules, "ultralytics", module)
        return module

    def test_the_rules_are_those_of_the_loaded_one(self, loaded):
        model = network("Detect", 4, 8, 16, 32)
        loaded.__version__ = "8.3.120"
        detector = Detector.from_model(model)
        assert (detector.versions.version, detector.versions.chosen) == ("8.3.120", "installed")
        assert detector.match == load_detector("yolov8n-p2.yaml", framework_version="8.3.120").match
        assert detector.match != load_detector("yolov8n-p2.yaml", framework_version="8.4.190").match

    def test_another_one_can_be_asked_for(self, loaded):
        loaded.__version__ = "8.3.120"
        detector = Detector.from_model(network("Detect", 8, 16, 32), framework_version="8.4.0")
        assert (detector.versions.version, detector.versions.chosen) == ("8.4.0", "given")


def test_a_loss_of_ones_own_is_refused_unless_it_is_assumed():
    model = network("Detect", 8, 16, 32)
    mine = type("Mine", (type(model),), {"__module__": "mine", "init_criterion": None})
    model.__class__ = mine
    with pytest.raises(AnchorauditError, match="Mine has a loss of its own"):
        Detector.from_model(model)
    detector = Detector.from_model(model, assume_standard=True)
    assert detector.name == "yolo11n (assumed standard)"
    assert detector.notes[0] == "Assumed, not read: Mine assigns as ultralytics does."


def test_a_subclass_with_the_loss_of_ultralytics_is_read():
    model = network("Detect", 8, 16, 32)
    type(model).init_criterion = None
    model.__class__ = type("Mine", (type(model),), {"__module__": "mine", "predict": None})
    assert Detector.from_model(model).strides == (8, 16, 32)


def test_it_is_named_by_its_checkpoint_or_its_file():
    model = network("Detect", 8, 16, 32, name="a/yolo11s.yaml")
    assert Detector.from_model(yolo(model)).name == "yolo11s"
    model.pt_path = "runs/train/best.pt"
    assert Detector.from_model(yolo(model)).name == "best"
    model.pt_path, model.yaml = None, {}
    assert Detector.from_model(model).name == "DetectionModel"
    assert Detector.from_model(model).sources[0].startswith("DetectionModel in memory; ")


def test_strides_of_a_model_that_was_not_built_are_an_error():
    model = network("Detect", 8, 16, 32)
    model.model[-1].stride = Tensor(0.0, 0.0, 0.0)
    with pytest.raises(AnchorauditError, match="DetectionModel cannot be read"):
        Detector.from_model(model)
    broken = of("ultralytics.nn.tasks", "DetectionModel", model=of("torch", "Sequential"), yaml={})
    with pytest.raises(AnchorauditError, match="DetectionModel cannot be read"):
        Detector.from_model(broken)
