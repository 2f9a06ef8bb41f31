"""Configurations and models of detectron2 in memory: sizes of anchors, the input, classes of one's own."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import Detector, load_detector
from anchoraudit.detectors.models._corners import sizes_and_ratios
from anchoraudit.errors import AnchorauditError
from tests.model_cases import Tensor, of
from tests.model_cases.detectron2 import cfg, corners, fcos, generator, lazy, rcnn, retinanet


class TestCorners:
    @pytest.mark.parametrize(
        ("sizes", "ratios"),
        [
            ((32.0,), (0.5, 1.0, 2.0)),
            ((32.0, 64.0, 128.0, 256.0, 512.0), (0.5, 1.0, 2.0)),
            (tuple(32 * 2 ** (k / 3) for k in range(3)), (0.5, 1.0, 2.0)),
            (tuple(48 * 2 ** (k / 4) for k in range(4)), (1.0,)),
            ((12.5, 20.25), (0.41, 1.0, 2.44)),
            ((10.0,), (1.0,)),
        ],
    )
    def test_they_are_those_that_were_written(self, sizes, ratios):
        assert sizes_and_ratios([corners(size, ratio) for size in sizes for ratio in ratios]) == (
            sizes,
            ratios,
        )

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(st.floats(1, 2000), min_size=1, max_size=4, unique_by=lambda size: round(math.log(size), 3)),
        st.lists(st.floats(0.1, 10), min_size=1, max_size=4),
    )
    def test_any_are_found_to_six_digits(self, sizes, ratios):
        found = sizes_and_ratios([corners(size, ratio) for size in sizes for ratio in ratios])
        assert found[0] == pytest.approx(sizes, rel=1e-5)
        assert found[1] == pytest.approx(ratios, rel=1e-5)

    @pytest.mark.parametrize(
        "rows",
        [
            [corners(32, 1), corners(32, 2), corners(64, 1)],
            [corners(32, 1), corners(32, 2), corners(64, 1), corners(64, 3)],
            [[0, 0, 0, 0]],
            [[-math.inf, -1, math.inf, 1]],
        ],
    )
    def test_what_is_no_product_is_refused(self, rows):
        with pytest.raises(ValueError, match=r"no product|no area"):
            sizes_and_ratios(rows)


def test_a_cfg_is_read_as_its_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "MODEL: {META_ARCHITECTURE: RetinaNet, BACKBONE: {NAME: a_fpn}, RETINANET: {NUM_CLASSES: 3}}\n"
        "INPUT: {MIN_SIZE_TRAIN: [480, 640]}\n"
    )
    detector = Detector.from_model(cfg("RetinaNet", count=3, sides=(480, 640)))
    of_file = load_detector(path)
    assert (detector.resize, detector.match, detector.notes[-1]) == (
        of_file.resize,
        of_file.match,
        "training draws the shorter side (choice of 480, 640); replayed at 640",
    )
    assert (detector.classes.count, detector.classes.by_default) == (3, False)
    assert detector.classes.stated_in == "cfg.MODEL.RETINANET.NUM_CLASSES"
    assert (detector.name, detector.sources[0]) == (
        "CfgNode",
        "CfgNode in memory; what it does not say: preset detectron2-retinanet",
    )


def test_an_error_names_the_key():
    wrong = cfg()
    wrong["MODEL"]["RPN"]["IOU_THRESHOLDS"] = "high"
    with pytest.raises(AnchorauditError) as raised:
        Detector.from_model(wrong)
    assert (raised.value.path, raised.value.place) == ("cfg.MODEL.RPN.IOU_THRESHOLDS", "")
    wrong["MODEL"]["RPN"]["IOU_THRESHOLDS"] = object()
    with pytest.raises(AnchorauditError, match="is 'object': it is no plain value"):
        Detector.from_model(wrong)


def test_a_cfg_that_contains_itself_is_refused():
    odd = cfg()
    odd["MODEL"]["again"] = odd
    with pytest.raises(AnchorauditError, match="cfg is too large or too deeply nested"):
        Detector.from_model(odd)


def test_a_number_of_classes_that_is_the_default_may_be_nobodys():
    assert Detector.from_model(rcnn()).classes.by_default
    assert Detector.from_model(rcnn()).classes.stated_in == "GeneralizedRCNN.roi_heads.num_classes"
    model = retinanet()
    model.num_classes = 7
    assert not Detector.from_model(model).classes.by_default
    assert (Detector.from_model(model).classes.count, Detector.from_model(fcos()).classes.count) == (7, 80)


def test_the_border_and_the_thresholds_of_a_model():
    model = rcnn()
    model.proposal_generator.anchor_boundary_thresh = 0
    model.proposal_generator.anchor_matcher.thresholds[1:3] = [0.2, 0.6]
    detector = Detector.from_model(model)
    assert detector.border == load_detector("detectron2-rpn_c4-border0").border
    assert (detector.match.negative, detector.match.positive) == (0.2, 0.6)


def test_strides_that_are_not_replayed():
    model = rcnn()
    model.proposal_generator._modules["anchor_generator"] = generator([[32]], [12])
    with pytest.raises(AnchorauditError, match="strides 12 are not replayed"):
        Detector.from_model(model)


def test_fcos_with_other_levels():
    model = fcos()
    model._modules["anchor_generator"] = generator([[16], [32]], [16, 32], offset=0.5)
    model.center_sampling_radius = 2.0
    detector = Detector.from_model(model)
    assert (detector.strides, detector.match.radius) == ((16, 32), 2.0)
    assert detector.match.ranges == ((0, 128), (128, 1e8))


class TestClassesOfOnesOwn:
    def mine(self, base, **methods):
        model = base()
        model.__class__ = type("Mine", (type(model),), {"__module__": "mine", **methods})
        return model

    @pytest.mark.parametrize("base", [retinanet, fcos])
    def test_one_that_labels_is_refused_unless_it_is_assumed(self, base):
        model = self.mine(base, label_anchors=None)
        with pytest.raises(AnchorauditError, match="Mine"):
            Detector.from_model(model)
        detector = Detector.from_model(model, assume_standard=True)
        assert detector.match == Detector.from_model(base()).match
        assert "keeps the anchors and the matching of detectron2's" in detector.notes[0]

    def test_one_that_does_not_label_is_read(self):
        model = self.mine(retinanet, inference=None)
        assert Detector.from_model(model).match == Detector.from_model(retinanet()).match


class TestLazy:
    def test_the_size_is_that_of_the_augmentations(self):
        config = lazy()
        config["dataloader"]["train"]["mapper"]["augmentations"][0] |= {
            "short_edge_length": [400, 500],
            "max_size": 900,
        }
        detector = Detector.from_model(config)
        assert (detector.resize.side, detector.resize.cap) == (500, 900)
        assert detector.notes[-1].startswith("training draws the shorter side (choice of 400, 500)")

    def test_without_a_resize_the_default_is_taken_and_said(self):
        config = lazy()
        config["dataloader"]["train"]["mapper"]["augmentations"] = [{"_target_": "FixedSizeCrop"}]
        detector = Detector.from_model(config)
        assert detector.resize.side == 800
        assert "no ResizeShortestEdge" in detector.notes[-1]

    def test_the_model_alone(self):
        config = lazy()
        detector = Detector.from_model(type(config)(config["model"]))
        assert "not in a model" in detector.notes[-1]

    @pytest.mark.parametrize("target", ["GeneralizedRCNN", "FCOS"])
    @pytest.mark.parametrize(("given", "blank"), [({"filter_empty": False}, "kept"), ({}, "")])
    def test_images_without_annotations(self, target, given, blank):
        config = lazy(f"detectron2.modeling.meta_arch.{target}", num_classes=3)
        dataset = {"_target_": "detectron2.data.build.get_detection_dataset_dicts", "names": "a", **given}
        config["dataloader"]["train"]["dataset"] = dataset
        assert Detector.from_model(config).loading.blank == blank
        dataset["_target_"] = "mine.dicts"
        assert Detector.from_model(config).loading.blank == ""

    def test_another_target_is_no_detector(self):
        with pytest.raises(AnchorauditError, match="DictConfig is not a detector"):
            Detector.from_model(lazy("mine.Net"))


def test_a_level_given_as_a_tensor():
    model = rcnn()
    cells = [Tensor(corners(32, 1.0)), Tensor(corners(64, 1.0))]
    values = {"cell_anchors": cells, "strides": [4, 8], "offset": 0.0}
    anchors = of("detectron2.modeling.anchor_generator", "DefaultAnchorGenerator", **values)
    model.proposal_generator._modules["anchor_generator"] = anchors
    levels = Detector.from_model(model).anchors.levels
    assert [(level.stride, level.sizes, level.ratios) for level in levels] == [
        (4, (32,), (1,)),
        (8, (64,), (1,)),
    ]
