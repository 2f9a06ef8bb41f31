"""For each rule a literal data set that has it, and one that nearly has: one module each, named as the code.

A module has `CASE`, or `FED_CASE` of batches in place of files, and `THRESHOLD` where the rule has
parameters. What data sets are made with is here.
"""

import pkgutil
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
from PIL import Image

from tests.builders import annotation, document, image, make
from tests.test_voc import xml

W, H = 640, 480
NAN, INF = float("nan"), float("inf")
CAT = ("cat", 100, 100, 174, 249)  # the size of an anchor of the reference


def coco(*bboxes, images=None, categories=None, **more):
    """A COCO file with a box (x, y, width, height) or a dict for each; one image of 640x480."""
    listed = [
        annotation(number, **({"bbox": list(box)} if isinstance(box, tuple) else box))
        for number, box in enumerate(bboxes, 1)
    ]
    names = {"categories": categories} if categories else {}
    shown = [image(width=W, height=H)] if images is None else images
    return {"a.json": document(shown, listed, **names, **more)}


def voc(*objects, **more):
    return {"Annotations/a.xml": xml(*objects, **more), "JPEGImages/a.jpg": (W, H)}


def yolo(*lines):
    return {"images/a.jpg": (W, H), "labels/a.txt": "".join(f"{line}\n" for line in lines)}


def ids(*numbers):
    return [image(number, width=W, height=H) for number in numbers]


def named(*names):
    """Categories 1, 2, ... with these names, and a box for each."""
    listed = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    return coco(*({"category_id": c["id"], "bbox": [9, 9, 70, 90]} for c in listed), categories=listed)


def numbered(*numbers):
    """Categories with these ids."""
    return coco((9, 9, 70, 90), categories=[{"id": number, "name": f"c{number}"} for number in numbers])


def of_classes(**counts):
    """So many boxes of each class."""
    listed = [{"id": number, "name": name} for number, name in enumerate(counts, 1)]
    boxes = [
        {"category_id": number, "bbox": [number, i, 70, 90]}
        for number, count in enumerate(counts.values(), 1)
        for i in range(count)
    ]
    return coco(*boxes, categories=listed)


def in_splits(**names):
    """Splits of one image each, with a box for each of these classes."""
    files = {}
    for split, listed in names.items():
        objects = [(name, 9 * number, 9, 9 * number + 70, 99) for number, name in enumerate(listed, 1)]
        files |= {f"Annotations/{split}_1.xml": xml(*objects), f"ImageSets/Main/{split}.txt": f"{split}_1\n"}
    return files


def drawn(*names, size=(W, H), file_names=None, declared=None):
    """Image files with some detail in them, and a COCO file with an entry for each."""
    files = {f"images/{name}": picture(size, number) for number, name in enumerate(names)}
    shown = [
        image(number, file_name=name, width=(declared or size)[0], height=(declared or size)[1])
        for number, name in enumerate(file_names or names, 1)
    ]
    return {"a.json": document(shown, [annotation(1, 1, [9, 9, 70, 90])]), **files}


@dataclass(frozen=True)
class picture:  # noqa: N801
    """An image file to be drawn: noise, so that no two are alike; or of one colour."""

    size: tuple = (W, H)
    seed: int = 0
    orientation: int = 0
    plain: bool = False

    def save(self, path):
        pixels = np.random.default_rng(self.seed).integers(0, 255, (self.size[1], self.size[0]), np.uint8)
        made = Image.fromarray(pixels * np.uint8(not self.plain))
        exif = made.getexif()
        if self.orientation:
            exif[274] = self.orientation
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(path, **({"exif": exif} if path.suffix == ".jpg" else {}))


def tree(root, files):
    """Write a tree, pictures drawn; a function changes the file that stands there."""
    for name, content in files.items():
        if isinstance(content, picture):
            content.save(root / name)
        elif callable(content):
            content(root / name)
        else:
            make(root, {name: content})
    return root


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-200])


OWN_DETECTOR = """
name = "own"
resize = {{ kind = "none" }}
border = {{ margin = "off" }}
match = {{ positive = 0.5, negative = 0.4 }}
loss = {{ normaliser = "batch_positives" }}
[[anchors.levels]]
stride = {stride}
shapes = {shapes}
"""


@dataclass(frozen=True)
class Threshold:
    """A data set under a threshold of the user's own: findings by default, and with these values."""

    files: dict
    values: dict
    by_default: int
    by_these: int
    detector: str = "reference"


@dataclass(frozen=True)
class Case:
    """has: files with it; said: file, place and part of the message of each finding. lacks: without it."""

    has: dict
    said: list
    lacks: dict
    detector: str = "reference"
    own: str = ""  # a detector file
    but: str = ""  # and another one, for what lacks it
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class FedCase:
    """has: a batch of a training loop with it; said: place and message of each finding. lacks: without it."""

    has: tuple
    said: list
    lacks: tuple
    detector: str = "torchvision-retinanet_resnet50_fpn"


def fed(*targets):
    """A batch as torchvision takes it. A value ("float32", numbers or shape) is an array of that type."""

    def made(value):
        if not isinstance(value, tuple):
            return value
        kind, content = value
        return np.zeros(content, kind) if isinstance(content, tuple) else np.array(content, kind)

    images = [np.zeros((3, H, W), np.float32) for _ in targets]
    return images, [{key: made(value) for key, value in target.items()} for target in targets]


def bounding_boxes(order):
    """A box that says in which order its numbers are, as torchvision's BoundingBoxes do."""

    class BoundingBoxes(np.ndarray):
        format = order

    return np.array([[10, 20, 30, 40]], np.float32).view(BoundingBoxes)


def on_device(array, name):
    """An array that says on which device it is, as tensors do."""

    class Tensor(np.ndarray):
        device = name

    return array.view(Tensor)


LISTS = "ImageSets/Main/train.txt", "ImageSets/Main/val.txt"


def all_of(name):
    """Code of a rule -> what its module calls `name`, of those that have it."""
    modules = {m.name.upper(): import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)}
    return {code: getattr(module, name) for code, module in modules.items() if hasattr(module, name)}
