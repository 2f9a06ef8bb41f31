"""Points beside the frameworks themselves, where they are installed: `pip install 'anchoraudit[parity]'`."""

import importlib.util
import inspect

import numpy as np
import pytest

import anchoraudit
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas, one_canvas, place

SIZES = [(640, 480), (97, 61), (375, 500), (1920, 1080), (300, 1200), (2000, 50), (33, 1200), (800, 800)]
FCOS = "torchvision-fcos_resnet50_fpn"


def needed(package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (extra: parity)")


def hostile(seed, width, height):
    """Boxes of every kind: slivers, at the edges, coincident, on the lattice, the whole image."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 0.9, (24, 2)) * (width, height)
    size = np.exp(rng.uniform(np.log(0.5), np.log(max(width, height)), (24, 2)))
    boxes = np.concatenate([corner, np.minimum(corner + size, (width, height))], axis=1)
    boxes[:8] = np.concatenate([np.floor(boxes[:8, :2]), np.ceil(boxes[:8, 2:])], axis=1)
    boxes[8:10, 2:] = boxes[8:10, :2] + 0.01
    on_lattice = np.clip(8 * np.round(boxes[10:18] / 8) + 4, 0, [width, height, width, height])
    boxes = np.concatenate([boxes, on_lattice, boxes[:2], boxes[8:9], [[0, 0, width, height]]])
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


@pytest.fixture(scope="module")
def fcos():
    needed("torchvision")
    from torchvision.models import detection

    return detection.fcos_resnet50_fpn(weights=None, weights_backbone=None).train()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_point_learns_the_box_that_it_does_in_torchvision(fcos, size, monkeypatch):
    import torch

    width, height = size
    boxes = hostile(sum(size), width, height)
    target = {"boxes": torch.tensor(boxes, dtype=torch.float32), "labels": torch.ones(len(boxes)).long()}
    images, targets = fcos.transform([torch.zeros(3, height, width)], [target])
    h, w = images.tensors.shape[-2:]
    maps = [torch.zeros(1, 1, -(-h // s), -(-w // s)) for s in (8, 16, 32, 64, 128)]
    anchors = fcos.anchor_generator(images, maps)
    seen = []
    monkeypatch.setattr(fcos.head, "compute_loss", lambda *given: seen.append(given[-1]))
    fcos.compute_loss(targets, {}, anchors, [one.shape[2] * one.shape[3] for one in maps])
    learnt = seen[0][0].numpy()

    detector = anchoraudit.load_detector(FCOS)
    fitted = one_canvas(width, height, detector)
    canvases, _ = fitted.canvases.unique()
    none = np.zeros(len(boxes), dtype=np.int64)
    own = place(boxes, fitted, none, detector)
    labels = engines.replay(own, canvases, detector)
    assert np.where(labels.labels == 1, labels.matched, -1).tolist() == learnt.tolist()
    counted = engines.count(OnCanvas(own, none, canvases), none, none[:1], detector)
    assert counted.assigned.tolist() == np.bincount(learnt[learnt >= 0], minlength=len(boxes)).tolist()


@pytest.mark.parametrize("strides", [(8, 16, 32), (4, 8, 16, 32), (8, 16, 32, 64), (32,)], ids=str)
def test_every_candidate_is_one_in_the_ultralytics_that_is_installed(strides):
    needed("ultralytics")
    import torch
    import ultralytics
    from ultralytics.utils.tal import TaskAlignedAssigner, make_anchors

    from anchoraudit.detectors.at_version import rules_at, with_strides

    takes_strides = "stride" in inspect.signature(TaskAlignedAssigner.__init__).parameters
    more = {"stride": list(strides)} if takes_strides else {}
    assigner = TaskAlignedAssigner(topk=10, num_classes=80, alpha=0.5, beta=6.0, **more)
    maps = [torch.zeros(1, 1, 640 // stride, 640 // stride) for stride in strides]
    points, stride = make_anchors(maps, torch.tensor(strides, dtype=torch.float32), 0.5)
    boxes = np.concatenate([hostile(seed, 640, 640) for seed in range(20)]).astype(np.float32)
    given = torch.tensor(boxes)[None]
    asked = inspect.signature(assigner.select_candidates_in_gts).parameters
    mask = (torch.ones(1, len(boxes), 1, dtype=torch.bool),) if "mask_gt" in asked else ()
    inside = assigner.select_candidates_in_gts(points * stride, given, *mask)[0]

    newest = anchoraudit.load_detector("ultralytics-yolo11")
    detector = rules_at(with_strides(newest, tuple(map(float, strides))), ultralytics.__version__, "given")
    side = np.array([640.0])
    whole = OnCanvas(
        boxes.astype(np.float64), np.zeros(len(boxes), dtype=np.int64), Canvases(side, side, side, side)
    )
    assert engines.judge(whole, detector).candidates.tolist() == inside.sum(dim=1).tolist()
