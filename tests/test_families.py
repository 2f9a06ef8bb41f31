"""Names that people use for their detector: told what covers it, never the nearest spelling of another."""

import re
from contextlib import suppress

import pytest

from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors._families import _FIRST, _LAST, covered_by
from anchoraudit.errors import AnchorauditError
from tests.builders import document, make

WITHOUT_ANCHORS = {
    "mmdet-coco": ["reppoints_r50", "CornerNet", "autoassign"],
    "": ["sparse_rcnn", "diffusiondet", "picodet", "yolo_nas_s", "damo-yolo"],
}
OF_ULTRALYTICS = [f"ultralytics-yolo11{version}" for version in ("", "-8.3", "-8.3.36", "-8.4.0", "-8.4.52")]
OF_YOLOV8 = [*OF_ULTRALYTICS[1:], "ultralytics-yolov8"]
FCOS = ["detectron2-fcos", "mmdet-fcos", "mmdet-fcos-center", "torchvision-fcos_resnet50_fpn"]
YOLOX = ["mmdet-yolox", "yolox", "yolox-0.3.0"]
COVERED = {
    **dict.fromkeys(["yolov8", "YOLOv8x-seg.pt", "yolov8n.yaml", "models/v8/yolov8n.yaml"], OF_YOLOV8),
    **dict.fromkeys(["yolov8s-worldv2.pt"], OF_YOLOV8),
    **dict.fromkeys(
        ["yolo11n.pt", "yolo11x", "yolo12l", "yolov5su.pt", "yolov3u", "yoloe-11s"], OF_ULTRALYTICS
    ),
    **{name: ["ultralytics-yolo26"] for name in ["yolo26n", "yolo26x.pt"]},
    "yolo26-p2.yaml": ["ultralytics-yolo26-p2"],
    "yolo26n-p6": ["ultralytics-yolo26-p6"],
    "yolov9c.pt": [*OF_ULTRALYTICS, "yolov9"],
    "yolov10b": [*OF_ULTRALYTICS, "yolov10"],
    **{name: ["rt-detr", "ultralytics-rtdetr"] for name in ["rtdetr-l", "rtdetr-l.pt", "rtdetrv2_r18vd"]},
    **dict.fromkeys(["yolox_s", "YOLOX-Tiny.pth"], YOLOX),
    **dict.fromkeys(["fcos", "fcos_resnet50_fpn"], FCOS),
    **{name: ["mmdet-rtmdet", "mmyolo-rtmdet"] for name in ["rtmdet_tiny", "rtmdet-tiny"]},
    "tood": ["mmdet-tood"],
    "gfl_r50": ["mmdet-gfl"],
    "CenterNet": ["mmdet-centernet512"],
    **{name: ["rf-detr"] for name in ["rfdetr-base", "rf_detr", "rfdetr-nano.pth"]},
    "dfine_s": ["d-fine"],
    **{name: ["mmdet-detr"] for name in ["detr", "detr_r50", "detr-resnet50.pth"]},
    "dino-4scale": ["mmdet-dino"],
    "yolov6n": ["yolov6"],
    **{name: ["ppyoloe"] for name in ["PP-YOLOE", "ppyoloe_plus_s"]},
    "nanodet-m": ["nanodet-plus"],
    "fasterrcnn_resnet50_fpn": ["torchvision-fasterrcnn_resnet50_fpn"],
    "fasterrcnn_resnet50_fpn_v2": ["torchvision-fasterrcnn_resnet50_fpn"],
    "ssdlite320_mobilenet_v3_large": ["torchvision-ssdlite320"],
    "yolov9-seg": [*OF_ULTRALYTICS, "yolov9"],
    "yolov8n-mine.pt": OF_YOLOV8,
    "yolov5s": ["yolov5"],
    "yolov5m6.pt": ["yolov5"],
    "yolov7-tiny.pt": ["yolov7"],
    "atss": ["mmdet-atss"],
    "efficientdet": [f"efficientdet-d{number}" for number in range(8)],
    "ssd300": ["mmdet-ssd300", "torchvision-ssd300_vgg16"],
    "retinanet": [name for name in preset_names() if "retinanet" in name],
    "RetinaNet-R50": [name for name in preset_names() if "retinanet" in name],
    "faster_rcnn": [name for name in preset_names() if re.search("faster.?rcnn|faster-rcnn|rpn", name)],
    "maskrcnn": [
        *("detectron2-rpn_c4", "detectron2-rpn_c4-border0", "detectron2-rpn_fpn", "mask-rcnn-matterport"),
        *("mmdet-faster_rcnn_fpn", "mmdet-faster_rcnn_fpn-border0", "torchvision-fasterrcnn_resnet50_fpn"),
    ],
}


def refused(name):
    with pytest.raises(AnchorauditError) as caught:
        load_detector(name)
    assert "Did you mean" not in caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("name", "loader"), [(name, loader) for loader, names in WITHOUT_ANCHORS.items() for name in names]
)
def test_one_without_anchors_names_what_checks_the_data(name, loader):
    remedy = refused(name).remedy
    assert "has no anchors, and is not replayed yet: `--detector none" in remedy
    assert (f"--loader {loader}`" in remedy) if loader else ("--loader" not in remedy)


@pytest.mark.parametrize("name", COVERED)
def test_one_that_presets_cover_names_them(name):
    """Whether it is loaded, as names that ultralytics has are, or refused with this as what to do."""
    remedy = covered_by(name)
    assert [word for word in re.split(r"[,:;.]*\s+", remedy) if word in preset_names()] == COVERED[name]
    with suppress(AnchorauditError):
        assert load_detector(name).name
        return
    assert remedy in refused(name).remedy


def test_what_only_a_file_covers_is_told_which():
    assert "give its .cfg of darknet" in refused("yolov2").remedy
    assert "No preset covers DEIM: give its config." in refused("deim_hgnetv2_l").remedy
    assert "or its config.json of Hugging Face" in refused("dab-detr").remedy
    assert "give its config.json of Hugging Face" in refused("yolos-tiny").remedy


@pytest.mark.parametrize("name", [*preset_names(), "yolov55", "referense", "best.pt", "", "x", "my detector"])
def test_what_is_no_family_has_no_answer(name):
    if name not in preset_names():
        assert covered_by(name) == ""
    else:
        assert load_detector(name).name


def test_families_name_presets_that_exist():
    for family in (*_FIRST, *_LAST):
        if family.presets:
            assert any(re.search(family.presets, re.sub("[^a-z0-9]", "", name)) for name in preset_names())


SAID = {
    "yolov8n-mine.pt": "Which preset covers it depends on the version",
    "yolov9-seg": "Several presets cover it",
    "sparse-rcnn": "`--detector none",
    "retinanet": "Several presets cover it",
}


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("words", [("scan",), ("explain", "1"), ("compare",), ("cluster", "--k", "1")])
def test_every_command_says_it(anchoraudit, name, words):
    make(anchoraudit.cwd, {"a.json": document()})
    done = anchoraudit(*words, "a.json", "--detector", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean" not in done.stderr
    assert SAID[name] in done.stderr


def test_a_file_of_ones_own_keeps_its_own_message(here):
    make(here, {"retinanet.toml": "name = 3\n"})
    assert "Several presets" not in refused("retinanet.toml").remedy
