"""The presets beside torchvision itself, where it is installed: `pip install 'anchoraudit[parity]'`."""

import importlib.util
from functools import cache

import numpy as np
import pytest

import anchoraudit
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, one_canvas, place

if importlib.util.find_spec("torchvision") is None:
    pytest.skip("torchvision is not installed (extra: parity)", allow_module_level=True)

import torch
import torchvision
from torchvision.models import detection

# Builder, preset, and the strides of the feature maps that the anchor generator is shown.
MODELS = {
    "torchvision-fasterrcnn_resnet50_fpn": (detection.fasterrcnn_resnet50_fpn, (4, 8, 16, 32, 64)),
    "torchvision-fasterrcnn_mobilenet_v3_large_fpn": (
        detection.fasterrcnn_mobilenet_v3_large_fpn,
        (32, 32, 64),
    ),
    "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn": (
        detection.fasterrcnn_mobilenet_v3_large_320_fpn,
        (32, 32, 64),
    ),
    "torchvision-retinanet_resnet50_fpn": (detection.retinanet_resnet50_fpn, (8, 16, 32, 64, 128)),
    "torchvision-ssd300_vgg16": (detection.ssd300_vgg16, None),
    "torchvision-ssdlite320": (detection.ssdlite320_mobilenet_v3_large, None),
}
CELLS = {
    "torchvision-ssd300_vgg16": (38, 19, 10, 5, 3, 1),
    "torchvision-ssdlite320": (20, 10, 5, 3, 2, 1),
}
# Among them the smallest and the largest, long ones, and heights that become 799 px instead of 800.
SIZES = [(640, 480), (97, 61), (375, 500), (1920, 1080), (300, 1200), (2448, 2048), (2000, 50), (33, 1200)]
SIZES += [(97, 97), (221, 161), (500, 305), (800, 800), (1333, 800), (401, 400)]


@cache
def built(name):
    build, _ = MODELS[name]
    return build(weights=None, weights_backbone=None).train()


def labels_of_torchvision(model, name, strides, boxes, width, height):
    """Matched box of every anchor (-1 negative, -2 ignored), and every box's best IoU."""
    image = torch.zeros(3, height, width)
    target = {"boxes": torch.tensor(boxes, dtype=torch.float32), "labels": torch.ones(len(boxes)).long()}
    images, targets = model.transform([image], [target])
    h, w = images.tensors.shape[-2:]
    if strides is None:
        maps = [torch.zeros(1, 1, n, n) for n in CELLS[name]]
    else:
        maps = [torch.zeros(1, 1, -(-h // s), -(-w // s)) for s in strides]
    part = model.rpn if hasattr(model, "rpn") else model
    anchors = part.anchor_generator(images, maps)[0]
    overlaps = torchvision.ops.box_iou(targets[0]["boxes"], anchors)
    return part.proposal_matcher(overlaps).numpy(), overlaps.max(dim=1).values.numpy()


def hostile(rng, width, height):
    """Boxes of every kind: slivers, at the edges, coincident, the whole image, hundredths of a pixel."""
    corner = rng.uniform(0, 0.9, (12, 2)) * (width, height)
    size = np.exp(rng.uniform(np.log(0.5), np.log(max(width, height)), (12, 2)))
    boxes = np.concatenate([corner, np.minimum(corner + size, (width, height))], axis=1)
    boxes[:4] = np.concatenate([np.floor(boxes[:4, :2]), np.ceil(boxes[:4, 2:])], axis=1)
    boxes[4:6, 2:] = boxes[4:6, :2] + 0.01
    boxes[6, 1::2], boxes[7, 0::2] = (0, height), (0, width)
    whole = [[0, 0, width, height], [0.5, 0.5, width - 0.5, height - 0.5]]
    corners = [[0, 0, 3, 2], [width - 2.5, height - 1.25, width, height]]
    return np.concatenate([boxes, boxes[:2], boxes[8:9], whole, corners])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_label_is_torchvisions(name, size):
    _, strides = MODELS[name]
    model = built(name)
    width, height = size
    detector = anchoraudit.load_detector(name)
    boxes = hostile(np.random.default_rng(sum(size)), width, height)
    matches, best = labels_of_torchvision(model, name, strides, boxes, width, height)
    fitted = one_canvas(width, height, detector)
    canvases, _ = fitted.canvases.unique()
    none = np.zeros(len(boxes), dtype=np.int64)
    own = place(boxes, fitted, none, detector)
    wanted = [int(np.count_nonzero(of)) for of in (matches >= 0, matches == -1, matches == -2)]
    assigned = np.bincount(matches[matches >= 0], minlength=len(boxes)).tolist()

    labels = engines.replay(own, canvases, detector)
    assert [labels.positives, labels.negatives, labels.ignored] == wanted
    assert labels.assigned.tolist() == assigned
    np.testing.assert_allclose(labels.best_iou, best, rtol=0, atol=1e-6)

    placed = OnCanvas(own, none, canvases)
    counted = engines.count(placed, none, none[:1], detector)
    assert counted.counts.tolist() == [wanted]
    assert counted.assigned.tolist() == assigned
    judged = engines.judge(placed, detector)
    np.testing.assert_allclose(judged.best, best, rtol=0, atol=1e-5)
    assert judged.matched.tolist() == (best >= np.float32(detector.match.positive)).tolist()
    assert (judged.matched | judged.forced).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_memory_is_understood_as_its_preset(name):
    model = built(name)
    read, preset = anchoraudit.Detector.from_torchvision(model), anchoraudit.load_detector(name)
    assert (read.resize, read.border, read.match) == (preset.resize, preset.border, preset.match)
    np.testing.assert_allclose(read.shapes, preset.shapes, rtol=1e-6)
    assert [level.stride for level in read.anchors.levels] == [
        level.stride for level in preset.anchors.levels
    ]
