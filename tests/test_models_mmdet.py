"""Configurations and detectors of mmdetection and mmyolo in memory."""

import pytest

from anchoraudit import Detector
from anchoraudit.detectors.spec import Loading
from anchoraudit.errors import AnchorauditError
from tests.model_cases import Module, Tensor, of
from tests.model_cases.mmdet import (
    Config,
    config,
    detector,
    faster_rcnn,
    head,
    octaves,
    retinanet,
    yolov5,
)


def test_a_config_is_called_as_its_file_and_names_its_keys():
    found = Detector.from_model(config())
    assert (found.name, found.sources[0]) == (
        "mine",
        "mine.py; what it does not say: preset mmdet-retinanet_fpn",
    )
    assert (found.classes.names, found.classes.count) == (("cat", "dog", "cow"), 3)
    assert found.classes.stated_in == "cfg.train_dataloader.dataset.metainfo.classes"
    assert Detector.from_model(config(filename=None)).name == "Config"


def test_an_error_names_the_key():
    assigner = {"type": "MaxIoUAssigner", "pos_iou_thr": "high"}
    with pytest.raises(AnchorauditError) as raised:
        Detector.from_model(config(train_cfg={"assigner": assigner}))
    assert raised.value.path == "cfg.model.train_cfg.assigner.pos_iou_thr"
    assert "line" not in str(raised.value)


def test_classes_in_place_of_names():
    """Configs of the new style have classes as `type`."""
    kind = type("MaxIoUAssigner", (), {"__module__": "mmdet.models.task_modules"})
    assigner = {"type": kind, "pos_iou_thr": 0.6, "neg_iou_thr": 0.4, "min_pos_iou": 0}
    assert Detector.from_model(config(train_cfg={"assigner": assigner})).match.positive == 0.6


def test_a_config_of_another_library_is_refused_with_what_it_lacks():
    other = Config(model={"type": "EncoderDecoder", "decode_head": {"type": "FCNHead"}})
    with pytest.raises(AnchorauditError, match="EncoderDecoder has neither rpn_head nor bbox_head"):
        Detector.from_model(other)
    with pytest.raises(AnchorauditError, match="Config is not a detector"):
        Detector.from_model(Config(optimizer={}))


def test_the_cfg_of_a_detector_says_more_than_its_heads():
    model = retinanet()
    assert Detector.from_model(model).classes.count == 80
    model.cfg = config()
    assert Detector.from_model(model).classes.names == ("cat", "dog", "cow")
    model.cfg = None
    assert Detector.from_model(model).classes.names == ()


def test_numbers_of_tensors_are_those_that_were_written():
    values = {"scales": Tensor(5.039999961853027), "ratios": Tensor(0.4099999964237213)}
    made = octaves(octave_base_scale=None, scales_per_octave=None, **values)
    level = Detector.from_model(retinanet(prior_generator=made)).anchors.levels[0]
    assert (level.scales, level.ratios) == ((5.04,), (0.41,))


def test_the_second_stage_counts_classes():
    model = faster_rcnn()
    assert Detector.from_model(model).classes.count == 5
    stages = of(
        "torch.nn", "ModuleList", **{str(k): head("Shared2FCBBoxHead", num_classes=7) for k in range(3)}
    )
    model.roi_head._modules["bbox_head"] = stages
    classes = Detector.from_model(model).classes
    assert (classes.count, len(classes.heads)) == (7, 3)


def test_strides_that_differ_between_x_and_y_are_refused():
    made = octaves(strides=[(8, 16)] * 5)
    with pytest.raises(AnchorauditError, match="differ between x and y"):
        Detector.from_model(retinanet(prior_generator=made))


class TestClassesOfOnesOwn:
    def mine(self, **methods):
        model = retinanet()
        own = model.bbox_head
        own.__class__ = type("MyHead", (type(own),), {"__module__": "mine", **methods})
        return model

    def test_one_that_labels_is_refused_unless_it_is_assumed(self):
        with pytest.raises(AnchorauditError, match="MyHead is not a head of mmdetection"):
            Detector.from_model(self.mine(get_targets=None))
        found = Detector.from_model(self.mine(get_targets=None), assume_standard=True)
        assert found.match == Detector.from_model(retinanet()).match
        assert found.name.endswith("(assumed standard)")

    def test_one_that_does_not_label_is_what_it_is_made_of(self):
        found = Detector.from_model(self.mine(forward=None))
        assert found.match == Detector.from_model(retinanet()).match


def test_an_anchor_generator_of_ones_own():
    made = octaves()
    made.__class__ = type("Mine", (Module,), {"__module__": "mine"})
    with pytest.raises(AnchorauditError, match="anchor_generator of type 'Mine' is not replayed"):
        Detector.from_model(retinanet(prior_generator=made))


def test_mmyolo():
    model = yolov5()
    model.bbox_head.near_neighbor_thr = 0.0
    found = Detector.from_model(model)
    assert (found.match.neighbours, found.framework) == (0, "mmyolo 0.6.0")
    assert "no training pipeline is stated; replayed at the preset's input size" in found.notes


def test_a_detector_inside_a_runner():
    runner = type("Runner", (), {})()
    runner.model, runner.cfg = retinanet(), config()
    assert Detector.from_model(runner).notes[0] == "Read of Runner: its model, a RetinaNet."
    semi = detector("SoftTeacher", None)
    del semi._modules["backbone"]
    semi._modules |= {"student": retinanet(), "teacher": retinanet()}
    with pytest.raises(AnchorauditError, match="SoftTeacher has 2 detection models"):
        Detector.from_model(semi)


@pytest.mark.parametrize(("keep", "blank"), [({"filter_empty_gt": True}, "dropped"), (None, "kept")])
def test_a_config_says_which_images_train(keep, blank):
    made = config()
    made.to_dict()["train_dataloader"]["dataset"]["filter_cfg"] = keep
    assert Detector.from_model(made).loading == Loading(blank=blank, least_image_side=0)


def test_a_model_alone_loads_as_its_preset():
    """It has no data set, so the framework's own configuration of its kind counts."""
    assert Detector.from_model(retinanet()).loading == Loading()
    assert Detector.from_model(yolov5()).loading == Loading(blank="kept")
