"""Models of YOLOv5, YOLOv7 and YOLOv9 in memory: anchors as they are now, and whose classes count."""

import pytest

from anchoraudit import Detector, load_detector
from anchoraudit.errors import AnchorauditError
from tests.model_cases.yolov5 import auto_shape, network

ROWS = ((10, 13, 16, 30, 33, 23), (30, 61, 62, 45, 59, 119), (116, 90, 156, 198, 373, 326))


def test_anchors_are_those_of_the_head_and_not_of_the_file():
    model = network(anchors=((4, 5, 6, 7), (20, 30, 40, 50), (100, 110, 200, 210)))
    model.yaml["anchors"] = [list(row) for row in ROWS]  # before autoanchor
    detector = Detector.from_model(model)
    assert detector.anchors.levels[1].shapes == ((20, 30), (40, 50))
    assert not detector.anchors.reordered


def test_levels_that_were_reversed_are_noticed():
    model = network()
    model.yaml["anchors"] = [list(row) for row in ROWS[::-1]]
    detector = Detector.from_model(model)
    assert detector.anchors.reordered
    assert detector.anchors.levels == load_detector("yolov5").anchors.levels


def test_six_levels_of_other_strides():
    rows = (*ROWS, (436, 615, 739, 380, 925, 792))
    detector = Detector.from_model(network(anchors=rows, strides=(8, 16, 32, 64)))
    assert detector.strides == (8, 16, 32, 64)
    assert detector.anchors.levels[3].shapes[0] == (436, 615)


def test_the_limit_of_side_ratios_is_that_of_hyp():
    assert Detector.from_model(network(hyp={"anchor_t": 2.91})).match.ratio == 2.91
    assert Detector.from_model(network(hyp={})).match.ratio == load_detector("yolov5").match.ratio == 4


class TestClasses:
    def test_a_model_in_training_has_its_own(self):
        model = network(names=["cat", "dog"])
        model.model[-1].nc = 2
        classes = Detector.from_model(model).classes
        assert (classes.count, classes.names, classes.stated_in) == (2, ("cat", "dog"), "DetectionModel.nc")
        model.names = {0: "cat", 1: "dog"}
        assert Detector.from_model(model).classes.names == ("cat", "dog")

    def test_numbers_are_no_names(self):
        assert Detector.from_model(network(names=[str(number) for number in range(80)])).classes.names == ()

    def test_one_that_was_loaded_gets_those_of_the_data(self):
        detector = Detector.from_model(network(training=False))
        assert detector.classes.is_silent
        assert "the model's 80 are not taken" in detector.notes[-1]


def test_auto_shape_is_looked_into():
    detector = Detector.from_model(auto_shape(network()))
    assert detector.notes[0] == "Read of AutoShape: its model, a DetectionModel."
    assert detector.anchors == load_detector("yolov5").anchors


def test_a_head_of_ones_own_can_be_assumed():
    detector = Detector.from_model(network("Mine"), assume_standard=True)
    assert (
        detector.notes[0] == "Assumed, not read: Mine keeps the anchors and the matching of YOLOv5's Detect."
    )


def test_a_model_of_the_same_name_elsewhere_is_none():
    with pytest.raises(AnchorauditError, match="is not a detector"):
        Detector.from_model(network(module="mymodels.yolo"))
