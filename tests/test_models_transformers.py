"""Detectors of transformers in memory: labels, queries, names, and what is none of them."""

import pytest

from anchoraudit import Detector, load_detector
from anchoraudit.errors import AnchorauditError
from tests.model_cases import of
from tests.model_cases.transformers import config, model


def test_labels_that_nobody_stated_are_the_default():
    classes = Detector.from_model(config("detr")).classes
    assert (classes.count, classes.by_default, classes.names) == (2, True, ())
    stated = Detector.from_model(config("detr", id2label={0: "cat", 1: "dog", 2: "cow"})).classes
    assert (stated.count, stated.names) == (3, ("cat", "dog", "cow"))
    assert stated.stated_in == "SomeConfig, id2label"


def test_queries_and_size():
    detector = Detector.from_model(model(config("yolos", num_detection_tokens=50)))
    assert (detector.match.queries, detector.resize.side, detector.resize.cap) == (50, 800, 1333)
    two_stage = config("deformable_detr", two_stage=True, two_stage_num_proposals=120)
    assert Detector.from_model(two_stage).match.queries == 120
    assert Detector.from_model(config("d_fine")).resize.width == 640


def test_it_is_named_by_where_it_was_loaded_from():
    made = config("detr")
    assert Detector.from_model(model(made)).name == "SomeForObjectDetection"
    made._name_or_path = "facebook/detr-resnet-50"
    assert Detector.from_model(model(made)).name == "detr-resnet-50"
    assert Detector.from_model(made).sources[0].startswith("SomeConfig in memory; ")


def test_the_file_says_the_same(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "rt_detr", "num_queries": 90, "id2label": {"0": "cat"}}')
    mine, theirs = (
        Detector.from_model(config("rt_detr", num_queries=90, id2label={0: "cat"})),
        load_detector(path),
    )
    assert (mine.resize, mine.match, mine.loss, mine.labels) == (
        theirs.resize,
        theirs.match,
        theirs.loss,
        theirs.labels,
    )
    assert mine.classes.names == theirs.classes.names == ("cat",)


@pytest.mark.parametrize(
    "other",
    [
        config("bert"),
        model(config("bert"), "BertForSequenceClassification"),
        of("transformers.models.some", "Odd", config=None),
    ],
)
def test_other_models_of_transformers_are_no_detectors(other):
    with pytest.raises(AnchorauditError, match="is not a detector that can be read"):
        Detector.from_model(other)
