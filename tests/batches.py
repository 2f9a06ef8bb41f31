"""Batches of every form in NumPy, with the structure that the frameworks' own loaders hand over.

`MAKERS` has a function for each form that makes a batch of `Scene`s, images of one size with corners in
pixels and class numbers. `tests/data/training_forms.json` has what some of the real loaders handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace as Plain
from typing import Any, NamedTuple

import numpy as np


class Scene(NamedTuple):
    """boxes: x1, y1, x2, y2 in pixels of a square image. labels: class numbers from 0. side: in pixels."""

    boxes: list
    labels: list
    side: int = 128

    @property
    def corners(self):
        return np.array(self.boxes, np.float64).reshape(-1, 4)

    @property
    def centres(self):
        low, high = self.corners[:, :2], self.corners[:, 2:]
        return np.hstack([(low + high) / 2, high - low])

    @property
    def classes(self):
        return np.array(self.labels, np.int64).reshape(-1)


def _picture(scene, channels_last=False):
    shape = (scene.side, scene.side, 3) if channels_last else (3, scene.side, scene.side)
    return np.zeros(shape, np.float32)


def _pictures(scenes, channels_last=False):
    return np.stack([_picture(scene, channels_last) for scene in scenes])


def _rows(scenes, values):
    """Rows of all images together: the position of the image, then what `values` makes of a scene."""
    parts = [np.hstack([np.full((len(s.boxes), 1), i), values(s)]) for i, s in enumerate(scenes)]
    return np.concatenate(parts).astype(np.float32)


def _padded(scenes, values, width, fill):
    most = max([len(s.boxes) for s in scenes] + [1])
    found = np.full((len(scenes), most, width), fill, np.float32)
    for i, scene in enumerate(scenes):
        found[i, : len(scene.boxes)] = values(scene)
    return found


def torchvision(scenes, first_class=1):
    targets = [
        {"boxes": s.corners.astype(np.float32), "labels": s.classes + first_class, "image_id": i}
        for i, s in enumerate(scenes)
    ]
    return [_picture(s) for s in scenes], targets


def ultralytics(scenes):
    rows = _rows(scenes, lambda s: np.hstack([s.classes[:, None], s.centres / s.side]))
    return {
        "batch_idx": rows[:, 0],
        "bboxes": rows[:, 2:],
        "cls": rows[:, 1:2],
        "im_file": tuple(f"{i}.jpg" for i in range(len(scenes))),
        "img": _pictures(scenes),
        "ori_shape": tuple((s.side, s.side) for s in scenes),
    }


def yolov5(scenes):
    rows = _rows(scenes, lambda s: np.hstack([s.classes[:, None], s.centres / s.side]))
    paths = tuple(f"{i}.jpg" for i in range(len(scenes)))
    shapes = tuple(((s.side, s.side), ((1.0, 1.0), (0.0, 0.0))) for s in scenes)
    return _pictures(scenes), rows, paths, shapes


def yolox(scenes):
    targets = np.zeros((len(scenes), 50, 5), np.float32)
    for i, s in enumerate(scenes):
        targets[i, : len(s.boxes)] = np.hstack([s.classes[:, None], s.centres])
    sides = np.full(len(scenes), scenes[0].side)
    return [_pictures(scenes), targets, [sides, sides], np.arange(len(scenes))[:, None]]


def detectron2(scenes):
    return [
        {
            "file_name": f"{i}.jpg",
            "image_id": i,
            "height": s.side,
            "width": s.side,
            "image": _picture(s),
            "instances": Plain(
                image_size=(s.side, s.side),
                gt_boxes=Plain(tensor=s.corners.astype(np.float32)),
                gt_classes=s.classes,
            ),
        }
        for i, s in enumerate(scenes)
    ]


def mmdet(scenes):
    samples = [
        Plain(
            metainfo={"img_path": f"{i}.jpg", "img_id": i, "img_shape": (s.side, s.side)},
            gt_instances=Plain(bboxes=Plain(tensor=s.corners.astype(np.float32)), labels=s.classes),
            ignored_instances=Plain(bboxes=np.zeros((0, 4), np.float32), labels=np.zeros(0, np.int64)),
        )
        for i, s in enumerate(scenes)
    ]
    return {"inputs": [_picture(s) for s in scenes], "data_samples": samples}


def mmyolo(scenes):
    rows = _rows(scenes, lambda s: np.hstack([s.classes[:, None], s.corners]))
    return {"inputs": _pictures(scenes), "data_samples": {"bboxes_labels": rows}}


def _centre_dicts(scenes, label):
    return [
        {
            "boxes": (s.centres / s.side).astype(np.float32),
            label: s.classes,
            "image_id": np.array([i]),
            "orig_size": np.array([s.side, s.side]),
            "size": np.array([s.side, s.side]),
        }
        for i, s in enumerate(scenes)
    ]


def detr(scenes):
    mask = np.zeros((len(scenes), scenes[0].side, scenes[0].side), bool)
    return Plain(tensors=_pictures(scenes), mask=mask), tuple(_centre_dicts(scenes, "labels"))


def rt_detr(scenes):
    targets = _centre_dicts(scenes, "labels")
    for target in targets:
        del target["size"]
    return _pictures(scenes), targets


def transformers(scenes):
    return {"pixel_values": _pictures(scenes), "labels": _centre_dicts(scenes, "class_labels")}


def effdet(scenes):
    boxes = _padded(scenes, lambda s: s.corners[:, [1, 0, 3, 2]], 4, -1)
    classes = _padded(scenes, lambda s: s.classes[:, None] + 1, 1, -1)[..., 0]
    return _pictures(scenes), {"bbox": boxes, "cls": classes, "img_scale": np.ones(len(scenes), np.float32)}


def ssd_pytorch(scenes):
    targets = [np.hstack([s.corners / s.side, s.classes[:, None]]).astype(np.float32) for s in scenes]
    return _pictures(scenes), targets


def kornia(scenes):
    return _pictures(scenes), _padded(scenes, lambda s: s.corners, 4, 0)


def keras(scenes):
    boxes = _padded(scenes, lambda s: s.corners, 4, -1)
    classes = _padded(scenes, lambda s: s.classes[:, None], 1, -1)[..., 0]
    return {"images": _pictures(scenes, True), "bounding_boxes": {"boxes": boxes, "classes": classes}}


def _albumentations(values):
    def made(scenes):
        return [{"image": _picture(s, True), "bboxes": values(s), "class_labels": s.classes} for s in scenes]

    return made


def _of_lists(batch):
    return {key: [one[key] for one in batch] for key in batch[0]}


_VOC = _albumentations(lambda s: s.corners)
_COCO = _albumentations(lambda s: np.hstack([s.corners[:, :2], s.centres[:, 2:]]))
_YOLO = _albumentations(lambda s: s.centres / s.side)
_FRACTIONS = _albumentations(lambda s: s.corners / s.side)

# The name of the form, and what makes a batch of it.
MAKERS: dict[str, tuple[str, Callable[[list[Scene]], Any]]] = {
    "torchvision": ("torchvision", torchvision),
    "torchvision, pairs": ("torchvision", lambda scenes: list(zip(*torchvision(scenes), strict=True))),
    "torchvision, stacked": ("torchvision", lambda s: (_pictures(s), tuple(torchvision(s)[1]))),
    "ultralytics": ("ultralytics", ultralytics),
    "yolov5": ("yolov5", yolov5),
    "yolov5, pair": ("yolov5", lambda scenes: yolov5(scenes)[:2]),
    "yolox": ("yolox", yolox),
    "detectron2": ("detectron2", detectron2),
    "mmdet": ("mmdet", mmdet),
    "mmyolo": ("mmyolo", mmyolo),
    "detr": ("detr", detr),
    "rt-detr": ("detr", rt_detr),
    "transformers": ("transformers", transformers),
    "effdet": ("effdet", effdet),
    "ssd-pytorch": ("ssd-pytorch", ssd_pytorch),
    "kornia": ("kornia", kornia),
    "kornia, labels": ("kornia", lambda s: (*kornia(s), np.zeros(kornia(s)[1].shape[:2], np.int64))),
    "keras": ("keras", keras),
    "keras, pair": ("keras", lambda scenes: tuple(keras(scenes).values())),
    "albumentations, pascal_voc": ("albumentations-pascal-voc", _VOC),
    "albumentations, pascal_voc, lists": ("albumentations-pascal-voc", lambda s: _of_lists(_VOC(s))),
    "albumentations, coco": ("albumentations-coco", _COCO),
    "albumentations, yolo": ("albumentations-yolo", _YOLO),
    "albumentations, albumentations": ("albumentations-fractions", _FRACTIONS),
}
