"""Detectors from the files of their own frameworks: what is read, and what is said where nothing can be."""

import textwrap
from pathlib import Path

import msgspec
import pytest

from anchoraudit.detectors import load_detector, override, parse_input_size, preset_names
from anchoraudit.detectors.spec import Border, Loading, Resize
from anchoraudit.detectors.toml_text import to_toml
from anchoraudit.errors import AnchorauditError


@pytest.fixture
def write(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    return make


def refused(path, **options):
    with pytest.raises(AnchorauditError) as error:
        load_detector(path, **options)
    assert error.value.remedy
    return str(error.value)


def shapes(detector):
    anchors = detector.anchors
    return [tuple(map(tuple, anchors.shapes_of(level).tolist())) for level in anchors.levels]


def strides(detector):
    return [level.stride for level in detector.anchors.levels]


def same(detector, preset, *blocks):
    other = load_detector(preset)
    return all(getattr(detector, block) == getattr(other, block) for block in blocks)


BLOCKS = ("resize", "anchors", "border", "match", "loss", "labels")

YOLOV5 = """
    # YOLOv5
    nc: 80
    depth_multiple: 0.33
    width_multiple: 0.50
    anchors:
      - [10,13, 16,30, 33,23]  # P3/8
      - [30,61, 62,45, 59,119]  # P4/16
      - [116,90, 156,198, 373,326]  # P5/32
    backbone:
      [[-1, 1, Conv, [64, 6, 2, 2]],
       [-1, 1, Conv, [128, 3, 2]],
       [-1, 3, C3, [128]],
       [-1, 1, Conv, [256, 3, 2]],
       [-1, 6, C3, [256]],
       [-1, 1, Conv, [512, 3, 2]],
       [-1, 9, C3, [512]],
       [-1, 1, Conv, [1024, 3, 2]],
       [-1, 3, C3, [1024]],
       [-1, 1, SPPF, [1024, 5]]]
    head:
      [[-1, 1, Conv, [512, 1, 1]],
       [-1, 1, nn.Upsample, [None, 2, 'nearest']],
       [[-1, 6], 1, Concat, [1]],
       [-1, 3, C3, [512, False]],
       [-1, 1, Conv, [256, 1, 1]],
       [-1, 1, nn.Upsample, [None, 2, 'nearest']],
       [[-1, 4], 1, Concat, [1]],
       [-1, 3, C3, [256, False]],
       [-1, 1, Conv, [256, 3, 2]],
       [[-1, 14], 1, Concat, [1]],
       [-1, 3, C3, [512, False]],
       [-1, 1, Conv, [512, 3, 2]],
       [[-1, 10], 1, Concat, [1]],
       [-1, 3, C3, [1024, False]],
       [[17, 20, 23], 1, Detect, [nc, anchors]]]
    """
TINY = """
    anchors:
      - [10,14, 23,27, 37,58]
      - [81,82, 135,169, 344,319]
    backbone:
      - [-1, 1, Conv, [16, 3, 2]]
      - [-1, 1, nn.MaxPool2d, [2, 2, 0]]
      - [-1, 1, Conv, [16, 3, 2]]
      - [-1, 1, MP, []]
      - [-1, 1, Conv, [16, 3, 2]]
    head:
      - [[3, 4], 1, IDetect, [nc, anchors]]
    """


class TestYolo:
    def test_yolov5s(self, write):
        detector = load_detector(write("mine.yaml", YOLOV5))
        assert detector.name == "mine"
        assert same(detector, "yolov5", *BLOCKS)
        assert detector.loader == "yolov5"
        assert detector.sources[0] == "mine.yaml; what it does not say: preset yolov5"
        assert "replayed at 640" in detector.notes[-1]

    def test_other_anchors_and_strides_of_the_layers(self, write):
        detector = load_detector(write("tiny.yml", TINY))
        assert strides(detector) == [16, 32]
        assert shapes(detector) == [((10, 14), (23, 27), (37, 58)), ((81, 82), (135, 169), (344, 319))]
        assert same(detector, "yolov7", "match", "resize", "labels", "loader")
        assert detector.anchors.levels[1].offset == 16

    def test_anchors_in_the_opposite_order_are_turned(self, write):
        text = TINY.replace("[[3, 4]", "[[4, 3]")
        detector = load_detector(write("tiny.yaml", text))
        assert strides(detector) == [32, 16]
        assert shapes(detector)[0][0] == (81, 82)

    def test_four_levels(self, write):
        text = """
            backbone: []
            head: [[[a, b], 1, Detect, [nc, anchors]]]
            anchors: [[1,2],[3,4],[5,6],[7,8]]
            """
        assert strides(load_detector(write("p6.yaml", text))) == [8, 16, 32, 64]

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("[10,14, 23,27, 37,58]", "[10,14, 23]", ["line 2", "anchors[0] has 3 numbers"]),
            ("[10,14, 23,27, 37,58]", "[10,14, 23,-27]", ["line 2", "anchor shape 23x-27"]),
            ("[10,14, 23,27, 37,58]", "[10,14, 23,x]", ["line 2", "Expected `float`"]),
            ("[10,14, 23,27, 37,58]", "[10,14, 23,27", ["not valid YAML", "line 4"]),
            ("IDetect", "Classify", ["line 11", "Classify"]),
            ("[[3, 4]", "[[2, 3, 4]", ["line 2", "2 levels of anchors for a head of 3"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        error = refused(write("m.yaml", TINY.replace(old, new)))
        assert all(word in error for word in ["m.yaml", *words]), error

    def test_auto_anchors(self, write):
        text = "anchors: 3\nbackbone: []\nhead: [[-1, 1, Detect, [nc, anchors]]]\n"
        error = refused(write("m.yaml", text))
        assert "line 1" in error
        assert "autoanchor" in error
        assert "Paste the anchors" in error


YOLOV3 = """
    [net]
    # Training
    batch=64
    width={width}
    height={height}

    [convolutional]
    size=3
    stride=2

    [maxpool]
    size=2
    stride=2

    [convolutional]
    stride=2

    [convolutional]
    stride=2

    [convolutional]
    stride=2
    filters=50
    [yolo]
    mask = 3,4
    anchors = 10,13,  16,30,  33,23,  30,61,  62,45
    classes=20
    num=5

    [route]
    layers = -2

    [upsample]
    stride=2

    [route]
    layers = -1, 3

    [shortcut]
    from=-3

    [yolo]
    mask = 0,1,2
    anchors = 10,13,  16,30,  33,23,  30,61,  62,45
    num=5
    """


class TestDarknet:
    def test_levels_in_the_order_of_the_layers(self, write):
        detector = load_detector(write("net.cfg", YOLOV3.format(width=416, height=416)))
        assert strides(detector) == [32, 16]
        assert [level.offset for level in detector.anchors.levels] == [16, 8]
        assert shapes(detector) == [((30, 61), (62, 45)), ((10, 13), (16, 30), (33, 23))]
        assert (detector.resize.kind, detector.resize.fit) == ("letterbox", "longer_side")
        assert (detector.resize.width, detector.resize.height) == (416, 416)
        assert same(detector, "yolov3-darknet", "match", "loss", "border", "labels", "loader")
        assert not any("608" in note for note in detector.notes)

    def test_what_competes_stands_in_the_order_of_the_anchors(self, write):
        """The layers have 3,4 and then 0,1,2: ties go by the numbers, not by the layers."""
        anchors = load_detector(write("net.cfg", YOLOV3.format(width=416, height=416))).anchors
        assert anchors.competing == ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45))
        assert [level.mask for level in anchors.levels] == [(3, 4), (0, 1, 2)]
        assert anchors.left_out == ()

    def test_not_square(self, write):
        detector = load_detector(write("net.cfg", YOLOV3.format(width=608, height=352)))
        assert (detector.resize.width, detector.resize.height) == (608, 352)
        (note,) = [note for note in detector.notes if "608x352" in note]
        assert "a wide image gets the width 608, a tall one the height 352" in note

    def test_masks_that_leave_anchors_out(self, write):
        text = YOLOV3.format(width=416, height=416).replace("mask = 0,1,2", "mask = 1,2,3")
        detector = load_detector(write("net.cfg", text))
        assert detector.anchors.left_out == ((10, 13),)
        assert [level.mask for level in detector.anchors.levels] == [(3, 4), (1, 2, 3)]
        assert any("anchor 0 (10x13) is in no mask" in note for note in detector.notes)
        assert detector.can_end_empty
        shown = load_detector(write("again.toml", to_toml(detector)))
        assert shown == detector

    def test_num_is_1_where_it_is_left_out(self, write):
        text = YOLOV3.format(width=416, height=416).replace("    num=5\n", "")
        error = refused(write("net.cfg", text))
        assert "line 26" in error and "outside 0 to 0" in error and "num" in error

    def test_the_first_of_two_equal_keys_counts(self, write):
        text = YOLOV3.format(width=416, height=416).replace("batch=64", "width=320")
        assert load_detector(write("net.cfg", text)).resize.width == 320

    @pytest.mark.parametrize(
        ("old", "new", "sign"),
        [
            ("batch=64", "letter_box=0", "letter_box=0"),
            ("batch=64", "mosaic=1", "mosaic=1"),
            ("classes=20", "iou_thresh=1", "iou_thresh=1"),
            ("classes=20", "scale_x_y = 1.05", "scale_x_y=1.05"),
            ("size=3", "activation=mish", "activation=mish"),
            ("[shortcut]", "[sam]", "[sam]"),
        ],
    )
    def test_the_fork_stretches(self, write, old, new, sign):
        text = YOLOV3.format(width=416, height=320).replace(old, new)
        detector = load_detector(write("net.cfg", text))
        assert detector.framework.startswith("AlexeyAB/darknet")
        assert detector.resize == Resize(
            kind="stretch", width=416, height=320, precision="float32", clip="canvas"
        )
        assert f"Read as a file of AlexeyAB's fork, because it has {sign}" in detector.notes
        assert any("At most 200 boxes" in note for note in detector.notes)
        assert same(detector, "yolov4", "labels", "loader")
        assert not any("608" in note for note in detector.notes)

    def test_the_most_boxes_of_an_image(self, write):
        text = YOLOV3.format(width=416, height=416)
        last = text.rindex("num=5")
        path = write("net.cfg", f"{text[:last]}max=40\n{text[last:]}")
        assert load_detector(path).labels.most_labels == 40
        assert same(load_detector(write("more.cfg", text)), "yolov3-darknet", "labels")
        error = refused(write("none.cfg", f"{text[:last]}max=0\n{text[last:]}"))
        assert "max is 0, so no box is trained" in error

    def test_the_fork_letterboxes_where_it_is_told(self, write):
        text = YOLOV3.format(width=416, height=320).replace("batch=64", "letter_box=1")
        detector = load_detector(write("net.cfg", text))
        assert (detector.resize.kind, detector.resize.fit) == ("letterbox", "padding")
        assert not any("Combination" in note for note in detector.notes)
        both = load_detector(write("both.cfg", text.replace("letter_box=1", "letter_box=1\nmosaic=1")))
        assert any("Combination: letter_box=1 & mosaic=1" in note for note in both.notes)

    def test_a_file_of_both_says_how_to_choose(self, write):
        detector = load_detector(write("net.cfg", YOLOV3.format(width=416, height=416)))
        assert detector.framework.startswith("pjreddie/darknet")
        assert any("put letter_box=0 into [net]" in note for note in detector.notes)
        assert any("At most 90 boxes" in note for note in detector.notes)

    def test_limits_of_each_layer(self, write):
        text = YOLOV3.format(width=416, height=416)
        text = text.replace("classes=20", "iou_thresh=0.213\niou_thresh_kind=diou\nmax=40\ntruth_thresh=0.9")
        detector = load_detector(write("net.cfg", text))
        assert [level.also_above for level in detector.anchors.levels] == [0.213, 1]
        assert any("truth_thresh below 1" in note for note in detector.notes)
        # Boxes are drawn for the last layer with anchors.
        assert any("At most 200 boxes" in note for note in detector.notes)
        off = load_detector(write("off.cfg", text.replace("0.213", "1.5")))
        assert [level.also_above for level in off.anchors.levels] == [1, 1]
        below = load_detector(write("below.cfg", text.replace("0.213", "-2")))
        assert below.anchors.levels[0].also_above == 0

    def test_gaussian(self, write):
        text = YOLOV3.format(width=416, height=416).replace("[yolo]", "[Gaussian_yolo]")
        text = text.replace("filters=50", "filters=58")
        text = text.replace("classes=20", "yolo_point=left_top")
        detector = load_detector(write("net.cfg", text))
        assert detector.framework.startswith("AlexeyAB/darknet")
        assert any(note.startswith("yolo_point=left_top") for note in detector.notes)

    REGION = """
        [net]
        width=416
        height=416
        [convolutional]
        stride=32
        filters=50
        [region]
        anchors = 0.5, 0.75,  1.5, 2
        num=2
        bias_match=1
        """

    def test_region(self, write):
        """YOLOv2: its anchors are in cells."""
        detector = load_detector(write("net.cfg", self.REGION))
        assert shapes(detector) == [((16, 24), (48, 64))]
        assert detector.match.takes_most_alike
        assert any("At most 30 boxes" in note for note in detector.notes)
        assert detector.labels.most_labels == 30

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("bias_match=1", "bias_match=0", ["line 11", "predictions decide"]),
            ("bias_match=1", "", ["line 8", "predictions decide", "Put bias_match=1 there"]),
            ("[region]", "[detection]", ["line 8", "YOLOv1"]),
        ],
    )
    def test_region_errors(self, write, old, new, words):
        error = refused(write("net.cfg", self.REGION.replace(old, new)))
        assert all(word in error for word in ["net.cfg", *words]), error

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("mask = 0,1,2", "mask = 0,1,9", ["line 44", "outside 0 to 4"]),
            (
                "mask = 0,1,2\n    anchors = 10,13",
                "mask = 0,1,2\n    anchors = 11,13",
                ["line 45", "different"],
            ),
            (
                "anchors = 10,13,  16,30,  33,23,  30,61,  62,45\n    classes",
                "classes",
                ["line 25", "0 numbers"],
            ),
            ("width=416\n", "", ["line 2", "width"]),
            ("width=416", "width=x", ["line 5", "not a list of numbers"]),
            ("width=416", "width=0", ["line 5", "0x416"]),
            ("layers = -2", "layers = 77", ["line 32", "route to layer 77"]),
            ("[yolo]", "[region]", ["line 25", "[region] beside another"]),
            ("[yolo]", "[detection]", ["line 25", "YOLOv1"]),
            ("mask = 0,1,2", "mask = 0,1,1", ["line 44", "twice"]),
            ("classes=20", "iou_thresh=0.2\niou_thresh_kind=giou", ["giou is not replayed"]),
            ("classes=20", "iou_thresh=nan", ["line 28", "iou_thresh"]),
            ("[yolo]", "[other]", ["no [yolo] section"]),
            ("batch=64", "batch", ["line 4", "neither [section] nor key=value"]),
            ("stride=2\n\n    [route]", "stride=0\n\n    [route]", ["stride=0"]),
            ("anchors = 10,13,  16", "anchors = 10,13,  -16", ["anchor shape -16x30"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        error = refused(write("net.cfg", YOLOV3.format(width=416, height=416).replace(old, new)))
        assert all(word in error for word in ["net.cfg", *words]), error


D2_BASE = """
    MODEL:
      META_ARCHITECTURE: "GeneralizedRCNN"
      BACKBONE:
        NAME: "build_resnet_fpn_backbone"
      RESNETS:
        OUT_FEATURES: ["res2", "res3", "res4", "res5"]
      ANCHOR_GENERATOR:
        SIZES: [[32], [64], [128], [256], [512]]  # One size for each in feature map
        ASPECT_RATIOS: [[0.5, 1.0, 2.0]]
      RPN:
        IN_FEATURES: ["p2", "p3", "p4", "p5", "p6"]
    SOLVER:
      STEPS: (60000, 80000)
    INPUT:
      MIN_SIZE_TRAIN: (640, 672, 704, 736, 768, 800)
    """
D2_RETINANET = """
    MODEL:
      META_ARCHITECTURE: "RetinaNet"
      BACKBONE: {NAME: "build_retinanet_resnet_fpn_backbone"}
      ANCHOR_GENERATOR:
        SIZES: !!python/object/apply:eval
          - "[[x, x * 2**(1.0/3), x * 2**(2.0/3) ] for x in [32, 64, 128, 256, 512]]"
      RETINANET:
        IOU_THRESHOLDS: [0.4, 0.5]
        IOU_LABELS: [0, -1, 1]
    INPUT:
      MIN_SIZE_TRAIN: !!python/tuple [800]
    """


class TestDetectron2:
    def test_a_file_on_its_base(self, write):
        write("Base-RCNN-FPN.yaml", D2_BASE)
        text = """
            _BASE_: "../Base-RCNN-FPN.yaml"
            MODEL:
              ANCHOR_GENERATOR:
                SIZES: [[16], [32], [64], [128], [256]]
              RPN:
                BOUNDARY_THRESH: 0
                IOU_THRESHOLDS: [0.2, 0.6]
            """
        detector = load_detector(write("mine/rpn.yaml", text))
        assert [level.sizes for level in detector.anchors.levels] == [(16,), (32,), (64,), (128,), (256,)]
        assert strides(detector) == [4, 8, 16, 32, 64]
        assert detector.anchors.levels[0].ratios == (0.5, 1, 2)
        assert (detector.match.positive, detector.match.negative, detector.match.force) == (0.6, 0.2, "ties")
        assert detector.border == load_detector("detectron2-rpn_c4-border0").border
        assert same(detector, "detectron2-rpn_fpn", "resize", "loss", "labels", "loader")
        (note,) = [note for note in detector.notes if "shorter side" in note]
        assert "640, 672, 704, 736, 768, 800" in note

    def test_the_base_alone_is_the_preset(self, write):
        assert same(load_detector(write("b.yaml", D2_BASE)), "detectron2-rpn_fpn", *BLOCKS)

    @pytest.mark.parametrize(("value", "blank"), [("false", "kept"), ("true", "dropped"), ("", "")])
    def test_whether_images_without_annotations_stay(self, write, value, blank):
        more = f"DATALOADER: {{FILTER_EMPTY_ANNOTATIONS: {value}}}\n" if value else ""
        text = textwrap.dedent(D2_BASE) + more
        assert load_detector(write("b.yaml", text)).loading == Loading(blank=blank)

    def test_defaults_are_c4(self, write):
        detector = load_detector(write("c4.yaml", "MODEL: {META_ARCHITECTURE: ProposalNetwork}"))
        assert same(detector, "detectron2-rpn_c4", *BLOCKS)

    def test_dilated(self, write):
        text = """
            MODEL:
              RESNETS: {OUT_FEATURES: ["res5"], RES5_DILATION: 2}
              RPN: {IN_FEATURES: ["res5"]}
              ANCHOR_GENERATOR: {OFFSET: 0.5}
            """
        (level,) = load_detector(write("dc5.yaml", text)).anchors.levels
        assert (level.stride, level.offset) == (16, 8)

    def test_retinanet_and_its_tags(self, write):
        detector = load_detector(write("r.yaml", D2_RETINANET))
        sizes = [size for level in detector.anchors.levels for size in level.sizes]
        expected = [x * 2 ** (i / 3) for x in (32, 64, 128, 256, 512) for i in range(3)]
        assert sizes == pytest.approx(expected)
        assert same(detector, "detectron2-retinanet", "resize", "border", "match", "loss", "labels", "loader")
        assert strides(detector) == [8, 16, 32, 64, 128]
        assert detector.anchors.shapes == pytest.approx(load_detector("detectron2-retinanet").anchors.shapes)

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('"RetinaNet"', '"FCOS"', ["line 3", "FCOS", "lazy config"]),
            ("[[x, x *", "[[__import__('os').system('x'), x *", ["line 6", "__import__"]),
            ("[32, 64, 128, 256, 512]", "[9**9**9]", ["line 6", "9**9**9"]),
            ("[32, 64, 128, 256, 512]", "[32, 64]", ["line 6", "2 lists for 5"]),
            ("[0.4, 0.5]", "[0.6, 0.5]", ["line 9", "negative threshold is 0.6"]),
            ("[0.4, 0.5]", "[0.4, 0.5, 0.6]", ["line 9", "two thresholds"]),
            ("[0.4, 0.5]", "[0.4, half]", ["line 9", "Expected `float`"]),
            ("[800]", "[0]", ["line 12", "side"]),
            ("MODEL:\n", "MODEL: 3\nX:\n", ["MODEL"]),
        ],
    )  # fmt: skip
    def test_errors(self, write, old, new, words):
        error = refused(write("m.yaml", D2_RETINANET.replace(old, new)))
        assert all(word in error for word in ["m.yaml", *words]), error

    def test_more_errors(self, write):
        text = "MODEL:\n  ANCHOR_GENERATOR: {NAME: RotatedAnchorGenerator}\n"
        assert "line 2" in (error := refused(write("a.yaml", text)))
        assert "Rotated" in error
        assert "stride of 'x9'" in refused(
            write("b.yaml", "MODEL:\n  BACKBONE: {NAME: fpn}\n  RPN: {IN_FEATURES: [x9]}\n")
        )
        assert "OUT_FEATURES" in refused(write("c.yaml", "MODEL:\n  RPN: {IN_FEATURES: [res5]}\n"))
        assert "PrecomputedProposals" in refused(
            write("d.yaml", "MODEL:\n  PROPOSAL_GENERATOR: {NAME: PrecomputedProposals}\n")
        )

    def test_bases(self, write, tmp_path):
        error = refused(write("a.yaml", "X: 1\n_BASE_: nope.yaml\n"))
        assert "line 2" in error
        assert str(tmp_path / "nope.yaml") in error
        write("b.yaml", "_BASE_: c.yaml\n")
        write("c.yaml", "_BASE_: b.yaml\n")
        assert "leads back" in refused(tmp_path / "b.yaml")
        assert "not a local file" in refused(write("d.yaml", "_BASE_: https://example.org/x.yaml\n"))

    @pytest.mark.parametrize("name", ["x" * 5000, "a/" * 3000, "a\\0b", "a\\ud800", "~nosuchuser/x.yaml"])
    def test_a_base_whose_name_no_file_can_have(self, write, name):
        assert "Keep the base files beside it" in refused(write("a.yaml", f'_BASE_: "{name}"\n'))
        assert "Keep the base files beside it" in refused(write("a.py", f"_base_ = '{name}'\n"))

    def test_an_error_in_the_base_names_the_base(self, write):
        write("base.yaml", D2_RETINANET.replace("[0.4, 0.5]", "[0.6, 0.5]"))
        error = refused(write("m.yaml", "_BASE_: base.yaml\n"))
        assert "base.yaml, line 9" in error


FASTER = """
    model = dict(
        type='FasterRCNN',
        data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
        rpn_head=dict(
            type='RPNHead',
            anchor_generator=dict(
                type='AnchorGenerator',
                scales=[8],
                ratios=[0.5, 1.0, 2.0],
                strides=[4, 8, 16, 32, 64])),
        train_cfg=dict(
            rpn=dict(
                assigner=dict(
                    type='MaxIoUAssigner',
                    pos_iou_thr=0.7,
                    neg_iou_thr=0.3,
                    min_pos_iou=0.3,
                    match_low_quality=True,
                    ignore_iof_thr=-1),
                allowed_border=-1,
                pos_weight=-1)))
    """
COCO = """
    data_root = 'data/coco/'
    backend_args = None
    train_pipeline = [
        dict(type='LoadImageFromFile', backend_args=backend_args),
        dict(type='Resize', scale=(1333, 800), keep_ratio=True),
        dict(type='RandomFlip', prob=0.5),
    ]
    train_dataloader = dict(
        batch_size=2,
        dataset=dict(type='CocoDataset', data_root=data_root + 'x', pipeline=train_pipeline))
    """
COCO_WITH = (
    "train_dataloader = dict(dataset=dict(type='CocoDataset', {}, pipeline=["
    "dict(type='Resize', scale=(700, 500), keep_ratio=True)]))\n"
)
RETINA = """
    model = dict(
        type='RetinaNet',
        data_preprocessor=dict(pad_size_divisor=32),
        bbox_head=dict(
            type='RetinaHead',
            anchor_generator=dict(
                type='AnchorGenerator', octave_base_scale=4, scales_per_octave=3,
                ratios=[0.5, 1.0, 2.0], strides=[8, 16, 32, 64, 128])),
        train_cfg=dict(
            assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0),
            allowed_border=-1))
    """
SSD = """
    input_size = 300
    model = dict(
        type='SingleStageDetector',
        data_preprocessor=dict(pad_size_divisor=1),
        bbox_head=dict(
            type='SSDHead',
            anchor_generator=dict(
                type='SSDAnchorGenerator', scale_major=False, input_size=input_size,
                basesize_ratio_range=(0.15, 0.9), strides=[8, 16, 32, 64, 100, 300],
                ratios=[[2], [2, 3], [2, 3], [2, 3], [2], [2]])),
        train_cfg=dict(
            assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.,
                          gt_max_assign_all=False),
            allowed_border=-1))
    train_pipeline = [dict(type='Resize', scale=(input_size, input_size), keep_ratio=False)]
    """
YOLO = """
    model = dict(
        type='YOLOV3',
        bbox_head=dict(
            type='YOLOV3Head',
            anchor_generator=dict(
                type='YOLOAnchorGenerator',
                base_sizes=[[(116, 90), (156, 198), (373, 326)],
                            [(30, 61), (62, 45), (59, 119)],
                            [(10, 13), (16, 30), (33, 23)]],
                strides=[32, 16, 8])),
        train_cfg=dict(
            assigner=dict(type='GridAssigner', pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0)))
    train_pipeline = [
        dict(type='Resize', img_scale=[(320, 320), (608, 608)], keep_ratio=True),
        dict(type='Pad', size_divisor=32)]
    """


class TestMmdet:
    def test_faster_rcnn_on_bases(self, write):
        write("_base_/models/faster.py", FASTER)
        write("_base_/datasets/coco.py", COCO)
        text = """
            _base_ = ['../_base_/models/faster.py', '../_base_/datasets/coco.py']
            model = dict(
                rpn_head=dict(anchor_generator=dict(scales=[2, 4])),
                train_cfg=dict(rpn=dict(assigner=dict(min_pos_iou=0.1), allowed_border=0)))
            """
        detector = load_detector(write("mine/f.py", text))
        assert [(level.sizes, level.scales) for level in detector.anchors.levels] == [
            ((4,), (2, 4)), ((8,), (2, 4)), ((16,), (2, 4)), ((32,), (2, 4)), ((64,), (2, 4)),
        ]  # fmt: skip
        assert detector.match.force_floor == 0.1
        assert detector.border == load_detector("mmdet-faster_rcnn_fpn-border0").border
        assert same(detector, "mmdet-faster_rcnn_fpn", "resize", "loss", "labels", "loader")

    @pytest.mark.parametrize(
        ("text", "preset"),
        [
            (FASTER + COCO, "mmdet-faster_rcnn_fpn"),
            (SSD, "mmdet-ssd300"),
            (YOLO, "mmdet-yolov3"),
            (RETINA + COCO, "mmdet-retinanet_fpn"),
        ],
    )
    def test_the_originals_are_the_presets(self, write, text, preset):
        detector, other = load_detector(write("m.py", text)), load_detector(preset)
        assert same(detector, preset, "resize", "border", "match", "loss", "labels", "loader")
        assert strides(detector) == strides(other)
        assert [level.offset for level in detector.anchors.levels] == [
            level.offset for level in other.anchors.levels
        ]
        assert detector.anchors.shapes.tolist() == other.anchors.shapes.tolist()

    @pytest.mark.parametrize(
        ("dataset", "loading"),
        [
            ("type='CocoDataset', filter_cfg=dict(filter_empty_gt=True, min_size=32)", ("dropped", 32, None)),
            ("type='CocoDataset', filter_cfg=dict(filter_empty_gt=False, min_size=4)", ("kept", 4, None)),
            ("type='CocoDataset', filter_cfg=dict(filter_empty_gt=1)", ("dropped", 0, None)),
            ("type='CocoDataset', filter_cfg=None", ("kept", 0, None)),
            ("type='CocoDataset'", ("kept", 0, None)),
            ("type='VOCDataset', filter_cfg=dict(filter_empty_gt=True)", ("dropped", 0, 0)),
            (
                "type='mmdet.XMLDataset', filter_cfg=dict(filter_empty_gt=True, bbox_min_size=8)",
                ("dropped", 0, 8),
            ),
            (
                "type='CocoDataset', test_mode=True, filter_cfg=dict(filter_empty_gt=True)",
                ("kept", 0, None),
            ),
        ],
    )
    @pytest.mark.parametrize(
        "wrapper",
        [
            "dict({})",
            "dict(type='RepeatDataset', times=3, dataset=dict({}))",
            "dict(type='MultiImageMixDataset', dataset=dict({}), pipeline=[])",
            "dict(type='RepeatDataset', times=3, dataset=dict(type='ConcatDataset', datasets=[dict({})]))",
        ],
    )
    def test_which_images_training_leaves_out(self, write, dataset, loading, wrapper):
        pipeline = "dict(type='Resize', scale=(700, 500), keep_ratio=True)"
        made = wrapper.format(f"{dataset}, pipeline=[{pipeline}]")
        made = made.replace("pipeline=[])", f"pipeline=[{pipeline}])")
        text = textwrap.dedent(RETINA) + f"train_dataloader = dict(dataset={made})\n"
        found = load_detector(write("m.py", text)).loading
        assert (found.blank, found.least_image_side, found.least_box_side) == loading

    def test_a_config_merges_what_its_base_leaves_out(self, write):
        write(
            "base.py", FASTER + COCO.replace("pipeline=train", "filter_cfg=dict(min_size=8), pipeline=train")
        )
        text = """
            _base_ = 'base.py'
            train_dataloader = dict(dataset=dict(filter_cfg=dict(filter_empty_gt=False)))
            """
        assert load_detector(write("m.py", text)).loading == Loading(blank="kept", least_image_side=8)

    def test_data_sets_that_leave_out_different_images(self, write):
        text = textwrap.dedent(RETINA) + textwrap.dedent("""
            a = dict(type='CocoDataset', filter_cfg=dict(filter_empty_gt=True, min_size=32), pipeline=[
                dict(type='Resize', scale=(700, 500), keep_ratio=True)])
            b = dict(type='CocoDataset', filter_cfg=dict(filter_empty_gt=False, min_size=16))
            train_dataloader = dict(dataset=dict(type='ConcatDataset', datasets=[a, b]))
            """)
        detector = load_detector(write("m.py", text))
        assert detector.loading == Loading(blank="kept", least_image_side=16)
        assert "differ in filter_cfg" in detector.notes[-1]

    @pytest.mark.parametrize(
        ("dataset", "loading"),
        [
            ("type='CocoDataset'", ("dropped", 32, None)),
            ("type='CocoDataset', filter_empty_gt=False", ("kept", 32, None)),
            ("type='VOCDataset', min_size=9", ("dropped", 32, 9)),
        ],
    )
    def test_which_images_mmdetection_2_leaves_out(self, write, dataset, loading):
        step = "dict(type='Resize', img_scale=(700, 500), keep_ratio=True)"
        text = textwrap.dedent(RETINA) + f"data = dict(train=dict({dataset}, pipeline=[{step}]))\n"
        found = load_detector(write("m.py", text)).loading
        assert (found.blank, found.least_image_side, found.least_box_side) == loading

    def test_a_filter_that_is_not_in_the_text(self, write):
        text = textwrap.dedent(RETINA) + COCO_WITH.format("filter_cfg=my_filter()")
        detector = load_detector(write("m.py", text))
        assert detector.loading == load_detector("mmdet-retinanet_fpn").loading
        assert "which images training leaves out is not read in full: filter_cfg is" in detector.notes[-1]

    @pytest.mark.parametrize(
        ("value", "error"),
        [
            ("[1]", "filter_cfg is not a mapping"),
            ("dict(min_size='a')", "min_size is 'a'"),
            ("dict(min_size=None)", "min_size is None"),
            ("dict(min_size=1e9)", "must be 0 to 100000"),
        ],
    )
    def test_a_filter_at_which_mmdetection_stops(self, write, value, error):
        text = textwrap.dedent(RETINA) + COCO_WITH.format(f"filter_cfg={value}")
        assert error in refused(write("m.py", text))

    @pytest.mark.parametrize(("more", "noted"), [("", True), (", allow_negative_crop=True", False)])
    @pytest.mark.parametrize("kept", [True, False])
    def test_a_crop_without_boxes(self, write, more, noted, kept):
        crop = f"dict(type='RandomCrop', crop_size=(300, 300){more})"
        text = textwrap.dedent(RETINA) + COCO_WITH.format(f"filter_cfg=dict(filter_empty_gt={not kept})")
        detector = load_detector(write("m.py", text.replace("keep_ratio=True)", f"keep_ratio=True), {crop}")))
        assert any("RandomCrop" in note for note in detector.notes) == (noted and kept)

    def test_atss(self, write):
        text = RETINA.replace(
            "MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0", "ATSSAssigner', topk=5"
        )
        # It takes the nearest of all shapes of a level together, which the replay does not.
        assert "several anchors in a cell" in refused(write("several.py", text))
        text = text.replace("scales_per_octave=3", "scales_per_octave=1").replace("[0.5, 1.0, 2.0]", "[1.0]")
        detector = load_detector(write("m.py", text))
        assert (detector.match.kind, detector.match.candidates) == ("atss", 5)
        assert "the preset's input size" in detector.notes[-1]

    def test_delete(self, write):
        write("base.py", FASTER + COCO)
        text = """
            _base_ = './base.py'
            model = dict(rpn_head=dict(anchor_generator=dict(
                _delete_=True, type='AnchorGenerator', scales=[2], ratios=[1.0], strides=[16],
                center_offset=0.5, base_sizes=[8])))
            """
        (level,) = load_detector(write("m.py", text)).anchors.levels
        assert (level.stride, level.offset, level.sizes, level.scales) == (16, 4, (8,), (2,))

    def test_what_a_file_reads_from_its_bases(self, write):
        write("base.py", FASTER + COCO)
        text = """
            _base_ = 'base.py'
            found = _base_.model.rpn_head.anchor_generator
            model = dict(rpn_head=dict(anchor_generator=dict(
                scales=[found.scales[0] / 2], ratios={{_base_.model.rpn_head.anchor_generator.ratios}})))
            train_pipeline = [dict(type='Resize', scale=(1000, 600), keep_ratio=True)]
            _base_.train_dataloader.dataset.pipeline = train_pipeline
            """
        detector = load_detector(write("m.py", text))
        assert {level.scales for level in detector.anchors.levels} == {(4,)}
        assert detector.anchors.levels[0].ratios == (0.5, 1, 2)
        assert (detector.resize.side, detector.resize.cap) == (600, 1000)

    def test_a_file_that_changes_its_bases(self, write):
        write("base.py", FASTER + COCO)
        text = """
            _base_ = ['base.py']
            head = _base_.model.rpn_head
            head.anchor_generator.update(dict(scales=[2], ratios=[1.0]))
            head['anchor_generator']['strides'][0] = 8
            _base_.model.train_cfg.rpn.assigner.pos_iou_thr = 0.6
            _base_.model.pop('data_preprocessor')
            del _base_.train_dataloader, _base_.train_pipeline
            """
        detector = load_detector(write("m.py", text))
        assert [level.stride for level in detector.anchors.levels] == [8, 8, 16, 32, 64]
        assert {level.scales for level in detector.anchors.levels} == {(2,)}
        assert detector.match.positive == 0.6
        assert "the preset's input size" in detector.notes[-1]

    def test_a_change_of_the_bases_that_is_not_followed(self, write):
        write("base.py", FASTER + COCO)
        error = refused(write("m.py", "_base_ = 'base.py'\nfor x in y:\n    _base_.model = x\n"))
        assert "m.py, line 2" in error
        assert "for x in y" in error

    def test_a_detector_in_a_tracker(self, write):
        write("base.py", FASTER + COCO)
        text = """
            _base_ = 'base.py'
            detector = _base_.model
            detector.pop('data_preprocessor')
            del _base_.model
            model = dict(type='DeepSORT', detector=detector, data_preprocessor=dict(
                type='Multi', data_preprocessor=dict(type='Det', pad_size_divisor=64)))
            train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=[
                dict(type='A', pipeline=[
                    dict(type='TransformBroadcaster', transforms=[
                        dict(type='Load'), dict(type='Resize', scale=(700, 500), keep_ratio=True)])])]))
            """
        detector = load_detector(write("m.py", text))
        assert detector.shapes.tolist() == load_detector(write("base2.py", FASTER + COCO)).shapes.tolist()
        assert (detector.resize.side, detector.resize.cap, detector.resize.multiple) == (500, 700, 64)

    def test_a_pipeline_with_branches(self, write):
        text = textwrap.dedent(FASTER) + textwrap.dedent("""
            train_pipeline = [dict(type='RandomFlip'), dict(type='RandomChoice', transforms=[
                [dict(type='Load')],
                [dict(type='RandomChoiceResize', scales=[(480, 1333), (800, 1333)], keep_ratio=True)],
                [dict(type='Resize', scale=(10, 10))]])]
            """)
        detector = load_detector(write("m.py", text))
        assert (detector.resize.side, detector.resize.cap) == (800, 1333)
        assert "one of 3 branches" in detector.notes[-1]
        assert "branch 2" in detector.notes[-1]

    def test_the_pipeline_of_the_loader_counts(self, write):
        text = FASTER + COCO + "\n    train_pipeline = [dict(type='Resize', scale=(10, 10))]\n"
        assert load_detector(write("m.py", text)).resize.side == 800

    def test_names_arithmetic_and_random_scales(self, write):
        text = FASTER.replace("scales=[8]", "scales=[2 * k for k in base] + [16]").replace(
            "model = dict(", "base = [1, 2.5]\n    model = dict("
        )
        text += """
    train_pipeline = [dict(type='RandomChoiceResize', scales=[(1000, 600), (500, 300)], keep_ratio=True)]
    """
        detector = load_detector(write("m.py", text))
        assert detector.anchors.levels[0].scales == (2, 5, 16)
        assert (detector.resize.side, detector.resize.cap) == (600, 1000)
        assert "1000x600, 500x300" in detector.notes[-1]

    def test_nothing_is_executed(self, write, tmp_path):
        text = f"import os; os.system('touch {tmp_path}/ran')\n" + textwrap.dedent(FASTER)
        text += f"x = os.system('touch {tmp_path}/ran')\nprint(1)\n"
        text += "train_pipeline = [dict(type='Resize', scale=__import__('os').system('touch ran'))]\n"
        error = refused(write("m.py", text))
        assert "__import__" in error
        assert f"line {len(text.splitlines())}" in error
        assert sorted(p.name for p in tmp_path.iterdir()) == ["m.py"]

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("scales=[8]", "scales=get_scales()", ["line 9", "get_scales()", "not executed"]),
            ("scales=[8]", "scales={{_base_.scales}}", ["line 9", "_base_.scales"]),
            ("scales=[8]", "scales=[9**9**9]", ["line 9", "9 ** 9 ** 9"]),
            ("scales=[8]", "scales=[0]", ["line 9", "scales must be above 0"]),
            ("scales=[8]", "scales='8'", ["line 9", "Expected"]),
            ("scales=[8],", "", ["octave_base_scale"]),
            ("scales=[8],", "scales=[8], centers=[(0, 0)],", ["centers"]),
            ("'AnchorGenerator'", "'LegacyAnchorGenerator'", ["line 8", "Legacy"]),
            ("strides=[4, 8, 16, 32, 64]", "strides=[(4, 8)]", ["line 11", "differ"]),
            ("strides=[4, 8, 16, 32, 64]", "strides=[4], base_sizes=[4, 8]", ["2 entries for 1"]),
            ("'MaxIoUAssigner'", "'SimOTAAssigner'", ["line 15", "SimOTAAssigner"]),
            ("pos_iou_thr=0.7", "pos_iou_thr=0.1", ["line 16", "negative threshold"]),
            ("neg_iou_thr=0.3", "neg_iou_thr=(0.1, 0.3)", ["line 17", "neg_iou_thr"]),
            ("'RPNHead'", "'GARPNHead'", ["line 6", "GARPNHead"]),
            ("rpn_head=", "mask_head=", ["line 3", "neither rpn_head nor bbox_head"]),
            ("model = dict(", "model = dict((", ["not valid Python"]),
            ("model = dict(", "model = Config(", ["line 2", "Config"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\nmodel.update(a=1)", ["model", "line 23"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\nmodel.setdefault('a', 1)", ["line 23 may change it"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\nmodel[key] = 3", ["line 23 may change it"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\nmodel['rpn_head'] = 3", ["line 23", "not a mapping"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\ndel model", ["no model = dict"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\ndel model['rpn_head']", ["neither rpn_head nor"]),
            ("pos_weight=-1)))", "pos_weight=-1)))\nmodel.pop('rpn_head')", ["neither rpn_head nor"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        text = textwrap.dedent(FASTER).replace(old, new)
        error = refused(write("m.py", text))
        assert all(word in error for word in ["m.py", *words]), error

    def test_bases(self, write, tmp_path):
        assert str(tmp_path / "nope.py") in refused(write("a.py", "_base_ = ['nope.py']\n"))
        write("b.py", "_base_ = 'c.py'\n")
        write("c.py", "_base_ = 'b.py'\n")
        assert "leads back" in refused(tmp_path / "b.py")
        assert "not a local file" in refused(write("d.py", "_base_ = 'mmdet::x.py'\n"))
        assert "no model = dict" in refused(write("e.py", "with read_base():\n    from .x import *\n"))
        write("base.py", textwrap.dedent(FASTER).replace("[8]", "f(8)"))
        assert "base.py, line 9" in refused(write("f.py", "_base_ = 'base.py'\n"))

    def test_a_pipeline_without_resize(self, write):
        text = textwrap.dedent(FASTER) + "train_pipeline = [dict(type='Mosaic')]\n"
        assert "no Resize that is understood" in refused(write("m.py", text))
        text = textwrap.dedent(FASTER) + "train_pipeline = [dict(type='Resize')]\n"
        assert "takes width and height" in refused(write("m.py", text))


ATSS = """
    model = dict(
        type='VFNet',
        data_preprocessor=dict(pad_size_divisor=32),
        bbox_head=dict(type='VFNetHead', num_classes=80, use_atss=True),
        train_cfg=dict(assigner=dict(type='ATSSAssigner', topk=9), allowed_border=-1))
    """


class TestHeadsOfMmdet:
    """What each head does by its own code: which anchors, and whether its assigner alone labels them."""

    @pytest.mark.parametrize("head", ["VFNetHead", "mmdet.VFNetHead"])
    def test_vfnet_lays_out_the_anchors_of_atss(self, write, head):
        detector = load_detector(write("m.py", ATSS.replace("VFNetHead", head) + COCO))
        assert same(detector, "mmdet-atss", "resize", "border", "match", "loss")
        assert detector.anchors.shapes.tolist() == load_detector("mmdet-atss").anchors.shapes.tolist()
        assert strides(detector) == [8, 16, 32, 64, 128]

    def test_vfnet_without_atss_is_fcos(self, write):
        error = refused(write("m.py", ATSS.replace("use_atss=True", "use_atss=False")))
        assert "line 5" in error
        assert "VFNetHead with use_atss=False has no anchors, and is not replayed" in error

    @pytest.mark.parametrize(
        ("head", "shapes", "steps"),
        [
            ("RetinaHead", 9, [8, 16, 32, 64, 128]),
            ("PISARetinaHead", 9, [8, 16, 32, 64, 128]),
            ("RetinaSepBNHead", 9, [4, 8, 16, 32, 64]),
            ("YOLOV3Head", 3, [32, 16, 8]),
        ],
    )
    def test_anchors_that_a_head_has_by_default(self, write, head, shapes, steps):
        text = ATSS.replace("VFNetHead", head).replace(
            "ATSSAssigner', topk=9", "MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0"
        )
        detector = load_detector(write("m.py", text))
        assert [level.count for level in detector.anchors.levels] == [shapes] * len(steps)
        assert strides(detector) == steps

    def test_the_default_of_ssd_is_what_mmdetection_refuses(self, write):
        # "basesize_ratio_range[0] should be either 0.15 or 0.2 when input_size is 300"
        assert "no known sizes for input_size 300 with basesize_ratio_range (0.1, 0.9)" in refused(
            write("m.py", ATSS.replace("VFNetHead", "SSDHead"))
        )

    @pytest.mark.parametrize("head", ["GFLHead", "LDHead", "ATSSHead", "ATSSVLFusionHead"])
    def test_heads_with_the_rule_of_atss(self, write, head):
        generator = "anchor_generator=dict(type='AnchorGenerator', octave_base_scale=8, "
        generator += "scales_per_octave=1, ratios=[1.0], strides=[8, 16])"
        text = ATSS.replace("type='VFNetHead'", f"type='{head}', {generator}")
        assert load_detector(write("m.py", text)).match.kind == "atss"

    @pytest.mark.parametrize(
        ("head", "words"),
        [
            ("PAAHead", "losses of predictions"),
            ("LADHead", "losses of predictions"),
            ("FreeAnchorRetinaHead", "learns"),
            ("DDODHead", "alpha"),
            ("YOLOFHead", "UniformAssigner"),
            ("SABLRetinaHead", "ApproxMaxIoUAssigner"),
            ("GARPNHead", "guided"),
            ("CascadeRPNHead", "RegionAssigner"),
        ],
    )
    def test_heads_with_anchors_and_a_rule_of_their_own(self, write, head, words):
        path = write("m.py", ATSS.replace("VFNetHead", head))
        for error in (refused(path), refused(path, assume_standard=True)):
            assert all(word in error for word in ("m.py, line 5", f"{head} has anchors", words))
            assert "has no anchors" not in error

    @pytest.mark.parametrize(
        "head",
        [
            *(
                "FSAFHead",
                "AutoAssignHead",
                "FoveaHead",
                "RepPointsHead",
                "CornerHead",
                "CenterNetUpdateHead",
            ),
            *("DDQDETRHead", "RTMDetRotatedHead", "CondInstBboxHead", "mmdet.YOLOXPoseHead"),
        ],
    )
    def test_heads_without_anchors(self, write, head):
        path = write("m.py", ATSS.replace("VFNetHead", head))
        for error in (refused(path), refused(path, assume_standard=True)):
            assert f"{head.removeprefix('mmdet.')} has no anchors, and is not replayed" in error

    def test_points_in_the_place_of_anchors(self, write):
        text = ATSS.replace(
            "type='VFNetHead'", "type='MyHead', anchor_generator=dict(type='mmdet.MlvlPointGenerator')"
        )
        assert "MyHead has no anchors, and is not replayed" in refused(
            write("m.py", text), assume_standard=True
        )


class TestAssumeStandard:
    """A class that the framework does not have is refused, or taken at the user's word, and then told."""

    def taken(self, path, *words):
        error = refused(path)
        assert "--assume-standard" in error
        assert "assume_standard=True" in error
        detector = load_detector(path, assume_standard=True)
        assert detector.name == f"{path.stem} (assumed standard)"
        assert str(detector).startswith(f"{detector.name}: input ")
        told = [note for note in detector.notes if note.startswith("Assumed, not read: ")]
        assert detector.notes[: len(told)] == tuple(told)
        assert all(any(word in note for note in told) for word in words), told
        return detector

    def test_a_head_of_mmdet(self, write):
        path = write("m.py", FASTER.replace("'RPNHead'", "'MyRPNHead'") + COCO)
        assert same(self.taken(path, "MyRPNHead"), "mmdet-faster_rcnn_fpn", "resize", "border", "match")

    def test_an_assigner_of_mmdet(self, write):
        path = write("m.py", FASTER.replace("MaxIoUAssigner", "MyAssigner") + COCO)
        assert same(self.taken(path, "MaxIoUAssigner"), "mmdet-faster_rcnn_fpn", "match")
        path = write("n.py", ATSS.replace("ATSSAssigner", "my.Assigner"))
        assert self.taken(path, "ATSSAssigner").match.candidates == 9
        text = ATSS.replace("ATSSAssigner', topk=9", "MyAssigner'")
        assert "--assume-standard" not in refused(write("o.py", text), assume_standard=True)

    def test_several_at_once(self, write):
        text = FASTER.replace("'RPNHead'", "'MyHead'").replace("'AnchorGenerator'", "'MyGenerator'")
        self.taken(write("m.py", text), "MyHead", "MyGenerator")

    def test_a_head_whose_anchors_are_nowhere(self, write):
        error = refused(write("m.py", ATSS.replace("VFNetHead", "MyHead")), assume_standard=True)
        assert "MyHead is not a head of mmdetection and has no anchor_generator" in error
        assert "anchor_generator" in error.splitlines()[-1]

    @pytest.mark.parametrize(
        ("text", "standard", "preset"),
        [
            (D2_BASE.replace("GeneralizedRCNN", "MyRCNN"), "RPN", "detectron2-rpn_fpn"),
            (D2_RETINANET.replace('"RetinaNet"', "MyNet"), "RetinaNet", "detectron2-retinanet"),
            ("MODEL: {META_ARCHITECTURE: My, RETINANET: {}, BACKBONE: {NAME: fpn}}", "RetinaNet", None),
            ("MODEL: {META_ARCHITECTURE: My, PROPOSAL_GENERATOR: {NAME: RPN}}", "RPN", "detectron2-rpn_c4"),
            ("MODEL: {PROPOSAL_GENERATOR: {NAME: TridentRPN}}", "RPN", "detectron2-rpn_c4"),
            ("MODEL: {ANCHOR_GENERATOR: {NAME: Mine}}", "DefaultAnchorGenerator", "detectron2-rpn_c4"),
        ],
    )
    def test_detectron2(self, write, text, standard, preset):
        detector = self.taken(write("m.yaml", text), f"detectron2's {standard}")
        assert preset is None or same(detector, preset, "border", "match", "loss")

    @pytest.mark.parametrize(
        "part", ["BACKBONE: {DEPTH: 50}", "RPN: {IN_FEATURES: [res4]}, RETINANET: {NUM_CLASSES: 2}"]
    )
    def test_detectron2_where_nothing_tells_which(self, write, part):
        path = write(
            "m.yaml",
            f"MODEL:\n  META_ARCHITECTURE: MyNet\n  {part.replace('}, ', chr(125) + chr(10) + '  ')}\n",
        )
        assert "--assume-standard" in refused(path)
        error = refused(path, assume_standard=True)
        assert "line 2" in error
        assert "an RPN or of RetinaNet" in error

    @pytest.mark.parametrize(
        ("part", "words"),
        [
            ("META_ARCHITECTURE: FCOS", "name that, or preset detectron2-fcos"),
            ("META_ARCHITECTURE: SemanticSegmentor", "labels pixels"),
            ("PROPOSAL_GENERATOR: {NAME: RRPN}", "rotated"),
            ("PROPOSAL_GENERATOR: {NAME: PrecomputedProposals}", "proposals from a file"),
            ("ANCHOR_GENERATOR: {NAME: RotatedAnchorGenerator}", "rotated"),
        ],
    )
    def test_what_is_known_to_be_something_else(self, write, part, words):
        path = write("m.yaml", f"MODEL:\n  {part}\n")
        for error in (refused(path), refused(path, assume_standard=True)):
            assert words in error
            assert "--assume-standard" not in error

    def test_a_layer_of_darknet(self, write):
        text = YOLOV3.format(width=416, height=416).replace("[shortcut]", "[fancy]")
        assert "[fancy] is not a layer of darknet" in refused(write("net.cfg", text))
        assert strides(self.taken(write("net.cfg", text), "[fancy] keeps the size")) == [32, 16]

    def test_a_head_of_yolov5(self, write):
        path = write("m.yaml", YOLOV5.replace("Detect, [nc", "MyHead, [nc"))
        assert same(self.taken(path, "MyHead"), "yolov5", *BLOCKS)

    def test_where_nothing_is_assumed_nothing_is_told(self, write):
        path = write("m.yaml", D2_BASE)
        assert load_detector(path, assume_standard=True) == load_detector(path)


MMYOLO = """
    _base_ = 'default_runtime.py'
    img_scale = (640, 640)
    anchors = [[(10, 13), (16, 30), (33, 23)],
               [(30, 61), (62, 45), (59, 119)],
               [(116, 90), (156, 198), (373, 326)]]
    strides = [8, 16, 32]
    model = dict(
        type='YOLODetector',
        data_preprocessor=dict(type='mmdet.DetDataPreprocessor'),
        bbox_head=dict(
            type='YOLOv5Head',
            head_module=dict(type='YOLOv5HeadModule', num_classes=80, featmap_strides=strides),
            prior_generator=dict(
                type='mmdet.YOLOAnchorGenerator', base_sizes=anchors, strides=strides),
            prior_match_thr=4.))
    pre_transform = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True)]
    train_pipeline = [
        *pre_transform,
        dict(type='Mosaic', img_scale=img_scale, pad_val=114.0, pre_transform=pre_transform),
        dict(type='YOLOv5RandomAffine', max_aspect_ratio=100.)]
    train_dataloader = dict(dataset=dict(type='YOLOv5CocoDataset', pipeline=train_pipeline))
    """


class TestMmyolo:
    def load(self, write, old="", new="", **options):
        write("default_runtime.py", "default_scope = 'mmyolo'\n")
        assert not old or MMYOLO.count(old) == 1
        return load_detector(write("m.py", MMYOLO.replace(old, new) if old else MMYOLO), **options)

    def test_yolov5(self, write):
        detector = self.load(write)
        assert same(detector, "yolov5", "anchors", "border", "match", "loss", "labels")
        assert detector.framework == "mmyolo 0.6.0"
        assert (detector.loader_for("voc"), detector.loader_for("coco")) == ("mmdet-voc", "mmdet-coco")
        resize = detector.resize
        assert (resize.kind, resize.side, resize.pad, resize.refits_square) == (
            "longest_side",
            640,
            "square",
            True,
        )
        assert (resize.rounding, resize.whole_padding, resize.precision) == ("floor", True, "float32")
        assert not any("utils/" in source or "AutoAnchor" in source for source in detector.sources)
        assert not any("AutoAnchor" in note or "Rows" in note for note in detector.notes)
        (note,) = [note for note in detector.notes if "YOLOv5RandomAffine" in note]
        assert "up to 2 px or an aspect of 100" in note

    def test_yolov7_replays_its_candidates(self, write):
        detector = self.load(write, "YOLOv5Head',", "YOLOv7Head',")
        assert same(detector, "yolov7", "border", "match", "loss", "labels")
        assert detector.notes[0] == load_detector("yolov7").notes[0]
        assert "SimOTA" in detector.notes[0]

    def test_segmentation_matches_as_detection_does(self, write):
        assert same(self.load(write, "YOLOv5Head',", "YOLOv5InsHead',"), "yolov5", "match", "anchors")

    def test_defaults_of_the_head(self, write):
        text = MMYOLO[: MMYOLO.index("head_module")] + ")" + MMYOLO[MMYOLO.index(")\n    pre_transform") :]
        write("default_runtime.py", "default_scope = 'mmyolo'\n")
        assert same(load_detector(write("m.py", text)), "yolov5", "anchors", "match")

    @pytest.mark.parametrize(
        ("new", "ratio", "neighbours"),
        [("3.3744", 3.3744, 2), ("4., near_neighbor_thr=1.0", 4, 4), ("4., near_neighbor_thr=0.", 4, 0)],
    )
    def test_thresholds(self, write, new, ratio, neighbours):
        match = self.load(write, "prior_match_thr=4.", f"prior_match_thr={new}").match
        assert (match.ratio, match.neighbours) == (ratio, neighbours)

    @pytest.mark.parametrize(
        ("step", "side", "rounding"),
        [
            ("dict(type='YOLOv5KeepRatioResize', scale=(512, 512)), dict(type='LetterResize')", 512, "floor"),
            ("dict(type='LetterResize', scale=416)", 416, "half_even"),
            (
                "dict(type='RandomChoice', transforms=[[dict(type='Mosaic9', img_scale=(320, 320))]])",
                320,
                "floor",
            ),
        ],
    )
    def test_the_step_that_says_the_size(self, write, step, side, rounding):
        detector = self.load(
            write,
            "dict(type='Mosaic', img_scale=img_scale, pad_val=114.0, pre_transform=pre_transform)",
            step,
        )
        assert (detector.resize.side, detector.resize.rounding) == (side, rounding)
        assert any(note.startswith("Trained with mosaic") for note in detector.notes) == ("Mosaic" in step)

    def test_stretched(self, write):
        step = "dict(type='LetterResize', scale=(640, 384), stretch_only=True)"
        resize = self.load(
            write,
            "dict(type='Mosaic', img_scale=img_scale, pad_val=114.0, pre_transform=pre_transform)",
            step,
        ).resize
        assert (resize.kind, resize.width, resize.height) == ("stretch", 640, 384)

    def test_not_square_and_drawn(self, write):
        detector = self.load(write, "img_scale = (640, 640)", "img_scale = (608, 352)")
        assert detector.resize.side == 608
        assert any("Trained at 608x352" in note for note in detector.notes)
        augment = "batch_augments=[dict(type='YOLOXBatchSyncRandomResize', random_size_range=(480, 800))]"
        detector = self.load(write, "DetDataPreprocessor'", f"DetDataPreprocessor', {augment}")
        assert any("from 480 to 800 px" in note for note in detector.notes)
        detector = self.load(write, "prior_match_thr=4.", "prior_match_thr=4., ignore_iof_thr=0.5")
        assert any("ignore_iof_thr" in note for note in detector.notes)

    def test_a_head_of_the_user(self, write):
        with pytest.raises(AnchorauditError, match="--assume-standard"):
            self.load(write, "YOLOv5Head',", "MyHead',")
        detector = self.load(write, "YOLOv5Head',", "MyHead',", assume_standard=True)
        assert same(detector, "yolov5", "match", "anchors")
        assert "MyHead" in detector.notes[0]

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("prior_match_thr=4.", "near_neighbor_thr=0.3", ["line 16", "near_neighbor_thr is 0.3"]),
            ("prior_match_thr=4.", "prior_match_thr=1", ["line 16", "ratio is 1"]),
            ("featmap_strides=strides", "featmap_strides=[4, 8, 16]", ["line 13", "featmap_strides"]),
            ("img_scale = (640, 640)", "img_scale = (0, 0)", ["line 20", "takes side"]),
            ("*pre_transform,", "*f(x),", ["line 19", "*f(x)"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        with pytest.raises(AnchorauditError) as error:
            self.load(write, old, new)
        assert all(word in str(error.value) for word in ["m.py", *words]), str(error.value)

    def test_without_a_pipeline(self, write):
        write("default_runtime.py", "default_scope = 'mmyolo'\n")
        detector = load_detector(write("m.py", MMYOLO[: MMYOLO.index("pre_transform")]))
        assert same(detector, "yolov5", "resize")
        assert any("the preset's input size" in note for note in detector.notes)


def _small(anchors, level):
    """A detector file whose anchors have these keys, and whose one level those."""
    return f"""name = "small"
resize = {{kind = "none"}}
border = {{margin = "off"}}
match = {{kind = "iou", positive = 0.5, negative = 0.4}}
loss = {{normaliser = "batch_positives"}}
[anchors]
{anchors}
[[anchors.levels]]
stride = 16
{level}
""".encode()


class TestNoDetector:
    @pytest.mark.parametrize(
        ("name", "data", "words"),
        [
            ("a.txt", b"hello", "unknown kind of detector file"),
            ("a.py", b"print(1)", "unknown kind of detector file"),
            ("a.yaml", b"hello: 1", "detectron2 config"),
            ("a.cfg", b"hello", "darknet network"),
            ("a.toml", b"", "empty"),
            ("a.yaml", b" \n", "empty"),
            ("a.yaml", b"\x89PNG\r\n\x1a\n\xff", "not UTF-8 text"),
            ("a.py", b"model = 1\0", "binary"),
            ("a.yaml", b"MODEL: " + b"[" * 100_000, "deeply nested"),
            ("a.py", b"model = " + b"[" * 100_000, "not valid Python"),
            ("a.py", b"model = " + b"-" * 100_000 + b"1", "not valid Python"),
            ("a.toml", b"a = " + b"[" * 100_000, "a.toml"),
            ("a.toml", _small("round_sides = true", "sizes = [2]\nratios = [0.25, 1]"), "a side of 1 px"),
            ("a.toml", _small("", "sizes = [32]\nscales = [1e-9]"), "a side of 3.2e-08 px"),
            ("a.yaml", b"MODEL: !!python/object/new:os.system [x]\n", "tags of YAML are not executed"),
            ("a.yaml", b"MODEL: 1\nMODEL: *x\n", "undefined alias"),
            ("a.yaml", b"- MODEL\nMODEL: 1\n", "not valid YAML"),
            ("a.cfg", b"[net]\n" * 10_000, "more than 5000 sections"),
        ],
    )
    def test_is_said(self, write, name, data, words):
        error = refused(write(name, data))
        assert words in error
        assert name in error

    def test_a_yaml_bomb(self, write):
        rows = ["a0: &a0 [1,1,1,1,1,1,1,1,1]"]
        rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
        assert "too many aliases" in refused(write("a.yaml", "\n".join([*rows, "MODEL: *a8"])))
        assert "too many aliases" in refused(write("b.yaml", "MODEL: &a [*a]\n"))
        many = "x: &x 1\nMODEL: [" + ",".join(["*x"] * 200) + "]\n"
        assert "too many aliases" in refused(write("c.yaml", many))

    def test_folder_missing_huge(self, tmp_path, write):
        (tmp_path / "x.yaml").mkdir()
        assert "folder" in refused(tmp_path / "x.yaml")
        assert "folder" in refused(tmp_path)
        assert "No such file" in refused(tmp_path / "nope.cfg")
        assert "No such file" in refused(tmp_path / "nope")
        assert "too many" in refused(write("big.py", b"#" * 5_000_001))
        assert "nope" in refused("nope\0.yaml")

    def test_names(self):
        assert "Did you mean reference?" in refused("referense")
        assert "docs/detectors.md" in refused("referense")
        assert "no detector ''" in refused("")
        assert {"reference", "yolov5"} <= set(preset_names())

    def test_a_new_kind_is_one_file(self, tmp_path, monkeypatch):
        from anchoraudit.detectors import readers

        (tmp_path / "onekind.py").write_text(
            "from anchoraudit.detectors import load_detector\n"
            "SUFFIXES = ('.one',)\nLOOKS_FOR = 'one'\n"
            "def detect(path, text):\n    return text == 'one'\n"
            "def read(path, text, assume):\n    return load_detector('reference')\n"
        )
        (tmp_path / "x.one").write_text("one")
        monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
        assert load_detector(tmp_path / "x.one").name == "reference"


OWN = """
name = "own"
[resize]
kind = "stretch"
width = 960.0
height = 720
[[anchors.levels]]
stride = 16
shapes = [[74, 149]]
[[anchors.levels]]
stride = 32.0
sizes = [64]
[border]
margin = 5
[match]
positive = 0.5
negative = 0.1
[loss]
normaliser = "batch_positives"
"""


class TestToml:
    def test_whole_floats_are_ints(self, write):
        detector = load_detector(write("own.toml", OWN))
        assert detector.resize.width == 960
        assert strides(detector) == [16, 32]

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("stride = 32.0", "stride = 0", ["line 10, anchors.levels[1]", "stride is 0"]),
            ("stride = 32.0", "strid = 32", ["line 11, anchors.levels[1].strid", "Did you mean stride?"]),
            ("sizes = [64]", 'sizes = "x"', ["line 12, anchors.levels[1].sizes", "array"]),
            ("stride = 16", 'stride = "x"', ["line 8, anchors.levels[0].stride"]),
            ("margin = 5", "margn = 5", ["line 14, border.margn", "Did you mean margin?"]),
            ("positive = 0.5", "positive = 7", ["line 15, match", "positive threshold is 7"]),
            ("normaliser", "norm", ["line 19, loss.norm", "normaliser"]),
            ('name = "own"', "name = 3", ["line 2, name"]),
            ('name = "own"', "nam = 3", ["line 2, nam", "Did you mean name?"]),
            ("[border]", "[bordr]", ["line 13, bordr", "Did you mean border?"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        error = refused(write("own.toml", OWN.replace(old, new)))
        assert all(word in error for word in ["own.toml", *words]), error


class TestOverride:
    def test_thresholds_keep_the_rest(self):
        base = load_detector("mmdet-faster_rcnn_fpn")
        match = override(base, positive_iou=0.6).match
        assert (match.positive, match.negative, match.force_floor, match.force) == (0.6, 0.3, 0.3, "ties")
        assert override(base, positive_iou=0.2).match.negative == 0.2

    @pytest.mark.parametrize("name", ["yolov5", "yolov3-darknet", "mmdet-atss"])
    def test_no_thresholds_to_replace(self, name):
        with pytest.raises(AnchorauditError, match="has no IoU thresholds"):
            override(load_detector(name), positive_iou=0.5)

    def test_a_border_keeps_the_rest(self):
        base = load_detector("mmdet-faster_rcnn_fpn-border0")
        says = "ValueError: There is no valid anchor inside the image boundary."
        expected = Border(
            margin=8, against="image", low_inclusive=True, none_inside="raises", none_inside_error=says
        )
        assert override(base, allowed_border=8).border == expected
        assert override(base, allowed_border="off").border.pixels is None

    def test_input_size(self):
        base = load_detector("torchvision-fasterrcnn_resnet50_fpn")
        resize = override(base, input_size="400").resize
        assert (resize.side, resize.cap, resize.multiple, resize.rounding) == (400, 666, 32, "floor")
        resize = override(base, input_size="640x480").resize
        assert (resize.kind, resize.width, resize.height, resize.pad) == ("stretch", 640, 480, "none")
        assert (resize.precision, resize.degenerate, resize.rounding) == ("float32", "raises", "half_up")
        yolo = override(load_detector("yolov5"), input_size="1280").resize
        assert (yolo.kind, yolo.side, yolo.pad, yolo.rounding) == ("longest_side", 1280, "square", "ceil")
        assert override(load_detector("reference"), input_size="640").resize == parse_input_size("640")
        box = override(load_detector("yolov3-darknet"), input_size="416").resize
        assert (box.kind, box.width, box.height) == ("letterbox", 416, 416)
        wide = Resize(kind="letterbox", width=608, height=304)
        darknet = msgspec.structs.replace(load_detector("yolov3-darknet"), resize=wide)
        box = override(darknet, input_size="416").resize
        assert (box.kind, box.width, box.height) == ("letterbox", 416, 208)

    def test_shapes(self):
        base = load_detector("detectron2-rpn_c4")
        (level,) = override(base, shapes=[(10, 20)]).anchors.levels
        assert (level.shapes, level.sizes, level.ratios, level.stride) == (((10, 20),), (), (1,), 16)
        with pytest.raises(AnchorauditError, match="5 levels"):
            override(load_detector("detectron2-rpn_fpn"), shapes=[(10, 20)])

    @pytest.mark.parametrize(
        ("name", "changes"),
        [
            ("reference", {"positive_iou": 2}),
            ("reference", {"negative_iou": 0.9}),
            ("reference", {"allowed_border": "x"}),
            ("reference", {"allowed_border": float("nan")}),
            ("reference", {"shapes": []}),
            ("reference", {"shapes": [(0, 1)]}),
            ("reference", {"shapes": [1]}),
            ("reference", {"input_size": "0"}),
            ("reference", {"input_size": "10x"}),
            ("mmdet-atss", {"allowed_border": 0}),
            ("torchvision-ssd300_vgg16", {"input_size": "512"}),
        ],
    )
    def test_what_is_no_detector_is_refused(self, name, changes):
        with pytest.raises(AnchorauditError):
            override(load_detector(name), **changes)


def test_paths_may_be_text(write):
    path = write("own.toml", OWN)
    assert load_detector(str(path)) == load_detector(Path(path))
