"""Configs of mmdetection and mmyolo whose heads have points or queries: what is read, and what is refused."""

import textwrap

import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from tests.builders import make

FCOS = """
    model = dict(
        type='FCOS',
        data_preprocessor=dict(pad_size_divisor=32),
        bbox_head=dict(
            type='FCOSHead',
            num_classes=3,
            strides=[8, 16, 32, 64, 128]))
    train_pipeline = [dict(type='Resize', scale=(1333, 800), keep_ratio=True)]
    """
RTMDET = """
    model = dict(
        type='RTMDet',
        bbox_head=dict(
            type='RTMDetSepBNHead',
            num_classes=80,
            anchor_generator=dict(type='MlvlPointGenerator', offset=0, strides=[8, 16, 32])),
        train_cfg=dict(assigner=dict(type='DynamicSoftLabelAssigner', topk=13)))
    train_pipeline = [
        dict(type='CachedMosaic', img_scale=(640, 640)),
        dict(type='RandomResize', scale=(1280, 1280), ratio_range=(0.1, 2.0), keep_ratio=True),
        dict(type='RandomCrop', crop_size=(640, 640)),
        dict(type='Pad', size=(640, 640))]
    """
YOLOX = """
    img_scale = (640, 640)
    model = dict(
        type='YOLOX',
        data_preprocessor=dict(
            pad_size_divisor=32,
            batch_augments=[dict(type='BatchSyncRandomResize', random_size_range=(480, 800))]),
        bbox_head=dict(type='YOLOXHead', num_classes=80, strides=(8, 16, 32)),
        train_cfg=dict(assigner=dict(type='SimOTAAssigner', center_radius=2.5)))
    train_pipeline = [
        dict(type='Mosaic', img_scale=img_scale),
        dict(type='Resize', scale=img_scale, keep_ratio=True),
        dict(type='Pad', pad_to_square=True)]
    train_dataloader = dict(dataset=dict(type='MultiImageMixDataset', pipeline=train_pipeline))
    """
CENTERNET = """
    model = dict(type='CenterNet', bbox_head=dict(type='CenterNetHead', num_classes=80))
    train_pipeline = [
        dict(type='RandomCenterCropPad', crop_size=(512, 512)),
        dict(type='Resize', scale=(512, 512), keep_ratio=True)]
    """
TOOD = """
    model = dict(
        type='TOOD',
        data_preprocessor=dict(pad_size_divisor=32),
        bbox_head=dict(
            type='TOODHead',
            anchor_generator=dict(type='AnchorGenerator', ratios=[1.0], octave_base_scale=8,
                                  scales_per_octave=1, strides=[8, 16, 32, 64, 128])),
        train_cfg=dict(
            initial_epoch=4,
            initial_assigner=dict(type='ATSSAssigner', topk=9),
            assigner=dict(type='TaskAlignedAssigner', topk=13)))
    train_pipeline = [dict(type='Resize', scale=(1333, 800), keep_ratio=True)]
    """
DETR = """
    model = dict(
        type='DETR',
        num_queries=100,
        bbox_head=dict(type='DETRHead', num_classes=80),
        train_cfg=dict(assigner=dict(type='HungarianAssigner')))
    train_pipeline = [dict(type='Resize', scale=(1333, 800), keep_ratio=True)]
    """
MMYOLO = """
    strides = [8, 16, 32]
    model = dict(
        type='YOLODetector',
        bbox_head=dict(
            type='YOLOv8Head',
            head_module=dict(type='YOLOv8HeadModule', num_classes=80, featmap_strides=strides),
            prior_generator=dict(type='mmdet.MlvlPointGenerator', offset=0.5, strides=strides)),
        train_cfg=dict(assigner=dict(type='BatchTaskAlignedAssigner', topk=10)))
    train_pipeline = [dict(type='Mosaic', img_scale=(640, 640))]
    """
FIVE, THREE = (8, 16, 32, 64, 128), (8, 16, 32)


@pytest.fixture
def write(tmp_path):
    def written(text, name="mine.py"):
        make(tmp_path, {name: textwrap.dedent(text)})
        return tmp_path / name

    return written


def refused(path, **options):
    with pytest.raises(AnchorauditError) as caught:
        load_detector(path, **options)
    assert caught.value.remedy
    return str(caught.value)


def same(detector, preset, *blocks):
    other = load_detector(preset)
    return all(
        getattr(detector, block) == getattr(other, block) for block in (*blocks, "loss", "labels", "loader")
    )


class TestFcos:
    def test_without_centre_sampling(self, write):
        detector = load_detector(write(FCOS))
        assert same(detector, "mmdet-fcos", "resize", "points", "match")
        assert (detector.name, detector.classes.count) == ("mine", 3)

    def test_with_centre_sampling(self, write):
        text = FCOS.replace("num_classes=3", "num_classes=3, center_sampling=True")
        assert same(load_detector(write(text)), "mmdet-fcos-center", "resize", "points", "match")
        detector = load_detector(
            write(text.replace("sampling=True", "sampling=True, center_sample_radius=2"))
        )
        assert detector.match.radius == 2

    def test_other_levels(self, write):
        ranges = "regress_ranges=((-1, 32), (32, 64), (64, 1e8))"
        detector = load_detector(
            write(FCOS.replace("strides=[8, 16, 32, 64, 128]", f"strides=[4, 8, 16], {ranges}"))
        )
        assert detector.strides == (4, 8, 16)
        assert detector.match.ranges == ((-1, 32), (32, 64), (64, 1e8))
        assert detector.match.ranges_inclusive
        tuples = "strides=[(8, 8), (16, 16), (32, 32), (64, 64), (128, 128)]"
        assert load_detector(write(FCOS.replace("strides=[8, 16, 32, 64, 128]", tuples))).strides == FIVE

    def test_strides_that_the_head_has_by_default(self, write):
        text = FCOS.replace(",\n            strides=[8, 16, 32, 64, 128]", "")
        assert load_detector(write(text)).strides == (4, 8, 16, 32, 64)

    def test_nas_fcos_has_its_rule(self, write):
        assert same(
            load_detector(write(FCOS.replace("FCOSHead", "NASFCOSHead"))), "mmdet-fcos", "points", "match"
        )

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("64, 128]", "64]", ["5 ranges for 4 levels"]),
            ("strides=[8, 16,", "strides=[16, 8,", ["line 8", "grow from level to level"]),
            ("strides=[8,", "strides=[f(8),", ["line 8", "not executed"]),
            ("strides=[8,", "strides=[(8, 4),", ["line 8", "Expected"]),
            ("[8, 16, 32, 64, 128]", "[(8, 4)]", ["line 8", "differ between x and y"]),
            ("num_classes=3", "regress_ranges=((64, 8),)", ["line 7", "end above its start"]),
            ("num_classes=3", "center_sampling=True, center_sample_radius=-1", ["radius is -1"]),
            ("scale=(1333, 800)", "scale=size", ["line 9", "size"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        error = refused(write(FCOS.replace(old, new)))
        for word in ("mine.py", *words):
            assert word in error

    def test_in_the_place_of_an_rpn(self, write):
        text = FCOS.replace("bbox_head", "rpn_head")
        assert "FCOSHead has no anchors, and is not replayed: it proposes regions" in refused(write(text))


class TestRtmdetAndYolox:
    def test_rtmdet(self, write):
        detector = load_detector(write(RTMDET))
        assert same(detector, "mmdet-rtmdet", "resize", "points", "match")

    def test_larger_with_a_level_more(self, write):
        text = RTMDET.replace("[8, 16, 32]", "[8, 16, 32, 64]").replace("640", "1280")
        detector = load_detector(write(text))
        assert (detector.strides, detector.resize.side) == ((8, 16, 32, 64), 1280)

    def test_with_masks(self, write):
        detector = load_detector(write(RTMDET.replace("RTMDetSepBNHead", "RTMDetInsSepBNHead")))
        assert same(detector, "mmdet-rtmdet", "match")
        assert "Masks move only the centres" in detector.notes[-1]

    def test_yolox(self, write):
        detector = load_detector(write(YOLOX))
        assert same(detector, "mmdet-yolox", "resize", "points", "match")
        assert "Training draws the size of each batch from 480 to 800 px" in " ".join(detector.notes)
        detector = load_detector(write(YOLOX.replace("center_radius=2.5", "center_radius=1.5")))
        assert detector.match.radius == 1.5

    def test_other_sizes(self, write):
        detector = load_detector(write(YOLOX.replace("(640, 640)", "(640, 384)")))
        assert detector.resize.side == 640
        assert "Trained at 640x384; replayed with the longer side 640" in " ".join(detector.notes)
        stretched = RTMDET.replace("dict(type='CachedMosaic', img_scale=(640, 640)),", "").replace(
            "'RandomResize', scale=(1280, 1280), ratio_range=(0.1, 2.0), keep_ratio=True",
            "'Resize', scale=(640, 480)",
        )
        assert str(load_detector(write(stretched)).resize) == "640x480"
        nothing = RTMDET[: RTMDET.index("train_pipeline")]
        assert "no training pipeline" in load_detector(write(nothing)).notes[-1]

    @pytest.mark.parametrize(
        ("text", "old", "new", "words"),
        [
            (
                RTMDET,
                "'DynamicSoftLabelAssigner'",
                "'SimOTAAssigner'",
                ["line 8", "SimOTAAssigner is not replayed"],
            ),
            (RTMDET, "assigner=dict(", "sampler=dict(", ["line 8", "no model.train_cfg.assigner"]),
            (RTMDET, "'MlvlPointGenerator'", "'MyGenerator'", ["line 7", "MyGenerator", "not replayed"]),
            (RTMDET, "offset=0", "offset=2", ["line 7", "offset is 2"]),
            (RTMDET, "strides=[8, 16, 32]", "x=1", ["needs anchor_generator.strides"]),
            (RTMDET, "img_scale=(640, 640)", "img_scale=(0, 0)", ["line 10", "side"]),
            (YOLOX, "center_radius=2.5", "center_radius=0", ["line 9", "radius is 0"]),
            (YOLOX, "'YOLOXHead'", "'MyYOLOXHead'", ["line 8", "MyYOLOXHead is not a head of mmdetection"]),
        ],
    )
    def test_errors(self, write, text, old, new, words):
        assert old in text
        error = refused(write(text.replace(old, new)))
        for word in ("mine.py", *words):
            assert word in error


class TestOthers:
    def test_centernet(self, write):
        detector = load_detector(write(CENTERNET))
        assert same(detector, "mmdet-centernet512", "resize", "points", "match")
        assert (
            load_detector(write(CENTERNET.replace("scale=(512, 512)", "scale=(640, 640)"))).resize.side == 640
        )

    def test_tood(self, write):
        detector = load_detector(write(TOOD))
        assert same(detector, "mmdet-tood", "points", "match")
        assert "Its first 4 epochs assign by ATSSAssigner" in detector.notes[-1]
        assert detector.notes[-1].endswith("The preset mmdet-gfl shows the rule of the first.")
        offset = TOOD.replace("ratios=[1.0]", "ratios=[1.0], center_offset=0.5")
        assert "line 7: center_offset is replayed only as 0" in refused(write(offset))

    def test_gfl_has_anchors_and_atss(self, write):
        text = TOOD.replace("TOODHead", "GFLHead").replace(
            "TaskAlignedAssigner', topk=13", "ATSSAssigner', topk=9"
        )
        detector = load_detector(write(text))
        assert (detector.match.kind, detector.match.candidates) == ("atss", 9)

    def test_a_model_inside_another(self, write):
        text = textwrap.dedent(FCOS).replace("model = dict(", "detector = dict(", 1)
        text += "model = dict(type='X', detector=detector)\n"
        assert load_detector(write(text)).strides == FIVE


class TestQueries:
    @pytest.mark.parametrize(
        ("head", "preset"),
        [
            *(
                ("DETRHead", "mmdet-detr"),
                ("ConditionalDETRHead", "mmdet-detr"),
                ("DABDETRHead", "mmdet-detr"),
            ),
            *(
                ("DeformableDETRHead", "mmdet-detr"),
                ("DINOHead", "mmdet-dino"),
                ("GroundingDINOHead", "mmdet-detr"),
            ),
        ],
    )
    def test_heads(self, write, head, preset):
        text = DETR.replace("DETRHead", head).replace("num_queries=100", "num_queries=250")
        detector = load_detector(write(text))
        assert detector.match.queries == 250
        assert same(detector, preset)

    def test_where_the_number_stands(self, write):
        assert (
            load_detector(write(DETR.replace("num_queries=100,", ""))).match.queries == 100
        )  # DETR's default
        old = DETR.replace("num_queries=100,", "").replace("num_classes=80", "num_classes=80, num_query=50")
        assert load_detector(write(old)).match.queries == 50

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("num_queries=100", "num_queries=0", ["line 4", "takes queries"]),
            ("num_queries=100", "num_queries=f(3)", ["line 4", "f(3)"]),
            ("HungarianAssigner", "MyAssigner", ["line 6", "MyAssigner is not replayed"]),
            ("'DETRHead'", "'DDQDETRHead'", ["line 5", "DDQDETRHead", "queries"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        error = refused(write(DETR.replace(old, new)))
        for word in ("mine.py", *words):
            assert word in error


class TestMmyolo:
    @pytest.mark.parametrize("head", ["YOLOv8Head", "YOLOv6Head"])
    def test_points_that_may_be_contested(self, write, head):
        detector = load_detector(write(MMYOLO.replace("YOLOv8Head'", f"{head}'")))
        assert detector.match.without_candidate == "contested"
        assert (detector.match.top, detector.match.inset, detector.points.offset) == (10, 1e-9, 0.5)
        assert detector.strides == THREE
        assert detector.framework == "mmyolo 0.6.0"
        assert same(detector, "mmyolo-rtmdet", "resize")

    def test_the_generator_that_the_head_has_by_default(self, write):
        lines = [line for line in MMYOLO.splitlines() if "prior_generator" not in line]
        text = "\n".join(lines).replace("featmap_strides=strides),", "featmap_strides=strides)),")
        assert load_detector(write(text)).points.offset == 0.5

    def test_rtmdet(self, write):
        text = MMYOLO.replace("YOLOv8Head'", "RTMDetHead'").replace("offset=0.5", "offset=0")
        text = text.replace("BatchTaskAlignedAssigner", "BatchDynamicSoftLabelAssigner")
        detector = load_detector(write(text))
        assert same(detector, "mmyolo-rtmdet", "resize", "points", "match")

    def test_yolox_and_pp_yoloe(self, write):
        text = MMYOLO.replace("YOLOv8Head'", "YOLOXHead'")
        yolox = load_detector(
            write(text.replace("BatchTaskAligned", "mmdet.SimOTA").replace("topk=10", "x=1"))
        )
        assert same(yolox, "mmdet-yolox", "points", "match")
        text = MMYOLO.replace("YOLOv8Head'", "PPYOLOEHead'").replace("topk=10", "topk=13")
        detector = load_detector(write(text))
        assert same(detector, "ppyoloe", "points", "match")
        assert not any("assign by BatchATSSAssigner" in note for note in detector.notes)
        first = "initial_epoch=30, initial_assigner=dict(type='BatchATSSAssigner', topk=9), assigner="
        (note,) = (
            note
            for note in load_detector(write(text.replace("assigner=", first))).notes
            if "first 30 epochs assign by BatchATSSAssigner" in note
        )
        assert note.endswith("The preset ppyoloe-warmup shows the rule of the first.")

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("featmap_strides=strides", "featmap_strides=[8, 16]", ["not the strides of prior_generator"]),
            ("'BatchTaskAlignedAssigner'", "'SimOTAAssigner'", ["line 9", "SimOTAAssigner is not replayed"]),
            ("topk=10", "topk=-1", ["line 9", "top is -1"]),
            ("'YOLOv8Head'", "'RTMDetRotatedHead'", ["line 6", "RTMDetRotatedHead has no anchors"]),
        ],
    )
    def test_errors(self, write, old, new, words):
        assert old in MMYOLO
        error = refused(write(MMYOLO.replace(old, new)))
        for word in ("mine.py", *words):
            assert word in error
