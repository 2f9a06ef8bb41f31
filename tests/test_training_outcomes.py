"""What `check` says of hostile batches, against the losses of the real models.

`tests/data/training_outcomes.json` has what these made of them, and how it was made.
"""

import functools
import json
from pathlib import Path

import msgspec
import pytest

from anchoraudit import Chosen, check
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.training.outcomes import OUTCOMES
from tests import batches

GOLDEN = json.loads((Path(__file__).parent / "data" / "training_outcomes.json").read_text())
SCENES, ANSWERS, CLASSES = GOLDEN["scenes"], GOLDEN["answers"], GOLDEN["classes"]
FASTER = "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn"
RETINANET, FCOS, SSDLITE = (
    f"torchvision-{name}" for name in ("retinanet_resnet50_fpn", "fcos_resnet50_fpn", "ssdlite320")
)

# Form, detector, and classes in the model's own count.
MODELS = {
    FASTER: ("torchvision", FASTER, CLASSES + 1),
    RETINANET: ("torchvision", RETINANET, CLASSES),
    FCOS: ("torchvision", FCOS, CLASSES),
    f"{SSDLITE}_mobilenet_v3_large": ("torchvision", SSDLITE, CLASSES + 1),
    "torchvision-ssd300_vgg16": ("torchvision", "torchvision-ssd300_vgg16", CLASSES + 1),
    "ultralytics-yolo11n": ("ultralytics", "ultralytics-yolo11", CLASSES),
    "ultralytics-rtdetr-l": ("ultralytics", "ultralytics-rtdetr", CLASSES),
    "yolov5": ("yolov5", "yolov5", CLASSES),
    "yolov7-ota": ("yolov5", "yolov7", CLASSES),
    "yolox": ("yolox", "yolox", CLASSES),
    "detectron2-faster": ("detectron2", "detectron2-rpn_fpn", CLASSES),
    "detectron2-retinanet": ("detectron2", "detectron2-retinanet", CLASSES),
    "mmdet-retinanet": ("mmdet", "mmdet-retinanet_fpn", CLASSES),
    "mmdet-fcos": ("mmdet", "mmdet-fcos", CLASSES),
    "mmdet-atss": ("mmdet", "mmdet-atss", CLASSES),
    "mmdet-yolox": ("mmdet", "mmdet-yolox", CLASSES),
    "transformers-detr": ("transformers", "detr", CLASSES),
    "transformers-rtdetr": ("transformers", "rt_detr", CLASSES),
}

# What is said otherwise on purpose: (how a scene begins, what is said, what the model did) and why.
ACCEPTED = {
    ("zero_", "teaches_little", "trains"): "a box without area is never judged; it has a finding of its own",
    ("inverted_", "teaches_little", "trains"): "the same",
    (
        "class_at_count",
        "trains",
        "teaches_little",
    ): "a box that is trained as background matches all the same",
    ("class_minus_one", "trains", "teaches_little"): "BAT006, an error, says what models do",
    ("class_minus_one", "trains", "raises"): "the same",
}
# A box that has candidates may become positive: of these two no prediction of random weights overlaps.
DECIDED_BY_PREDICTIONS = ("tiny", "thin")
# A preset has one outcome for NaN and infinity in any coordinate, the worst of all.
NOT_FINITE = ("nan", "inf", "minus_inf")


@functools.cache
def detector(name, folder):
    if name in ("detr", "rt_detr"):
        path = Path(folder) / name / "config.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"model_type": name, "num_queries": 20}))
        return load_detector(path)
    found = load_detector(name)
    if found.resize.kind == "short_side" and name.startswith("torchvision"):
        found = msgspec.structs.replace(
            found, resize=msgspec.structs.replace(found.resize, side=128, cap=256)
        )
    return found


def batch_of(form, scene, first_class):
    scenes = [batches.Scene([[float(v) for v in box] for box in boxes], labels) for boxes, labels in scene]
    if form == "torchvision":
        return batches.torchvision(scenes, first_class)
    return getattr(batches, form)(scenes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("models"))


def test_every_model_of_the_answers_is_compared():
    assert set(MODELS) == set(ANSWERS)


@pytest.mark.parametrize("model", MODELS)
def test_the_outcome_of_every_batch_is_the_models(model, folder):
    form, name, count = MODELS[model]
    classes, rules = Classes(count=count, stated_in="test"), Chosen(select=("BAT",))
    wrong = []
    for scene, answer in ANSWERS[model].items():
        batch = batch_of(form, SCENES[scene], count - CLASSES)
        found = check([batch], detector(name, folder), targets=form, classes=classes, rules=rules)
        said = OUTCOMES[found.outcomes.outcome[0]]
        real = "raises" if answer == "crashes" else answer
        kind = scene.split("/")[0]
        if said == real or any(scene.startswith(s) and (said, real) == (a, b) for s, a, b in ACCEPTED):
            continue
        if kind.removesuffix("_y2") in NOT_FINITE and said in ("nan", "raises"):
            continue
        if model == "ultralytics-yolo11n" and kind in DECIDED_BY_PREDICTIONS and said == "trains":
            assert found.audit.summary()["possible"] == 1
            continue
        wrong.append((scene, said, real))
    assert not wrong
