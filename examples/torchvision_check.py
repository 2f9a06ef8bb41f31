"""What four torchvision models make of the same DataLoader, before any of them has seen a batch.

pip install '.[torch]'
python examples/torchvision_check.py
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.models.detection import FCOS, FasterRCNN, RetinaNet, ssdlite320_mobilenet_v3_large
from torchvision.transforms.functional import pil_to_tensor

import anchoraudit

DATA = Path(__file__).resolve().parents[1] / "sample_data" / "coco"


class Cats(Dataset):
    """The images of a COCO file, as torchvision's models take them."""

    def __init__(self, annotations: Path, images: Path) -> None:
        document = json.loads(annotations.read_text())
        self.entries = [one for one in document["images"] if (images / one["file_name"]).exists()]
        self.folder = images
        self.notes: dict[int, list[dict]] = {one["id"]: [] for one in document["images"]}
        for note in document["annotations"]:
            self.notes[note["image_id"]].append(note)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, dict]:
        entry = self.entries[index]
        image = pil_to_tensor(Image.open(self.folder / entry["file_name"]).convert("RGB")) / 255
        notes = self.notes[entry["id"]]
        boxes = torch.tensor([note["bbox"] for note in notes], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        labels = torch.tensor([note["category_id"] for note in notes], dtype=torch.int64)
        return image, {"boxes": boxes, "labels": labels, "file_name": entry["file_name"]}


def loader_of(annotations: Path, images: Path) -> DataLoader:
    """Return batches of two images."""
    return DataLoader(Cats(annotations, images), batch_size=2, collate_fn=lambda batch: tuple(zip(*batch)))


class Backbone(torch.nn.Module):
    """Five levels in a few milliseconds, of strides 8 to 128, as RetinaNet and FCOS have them, or 4 to 64."""

    out_channels = 32

    def __init__(self, stride: int = 8) -> None:
        super().__init__()
        pool, convolution = torch.nn.AvgPool2d(stride // 2), torch.nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.first = torch.nn.Sequential(pool, convolution, torch.nn.ReLU())

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        level = self.first(images)
        levels = {"0": level}
        for name in "1234":
            level = torch.nn.functional.max_pool2d(level, 2, ceil_mode=True)
            levels[name] = level
        return levels


def models(classes: int) -> dict[str, torch.nn.Module]:
    """Return small models, without weights."""
    small = {"min_size": 128, "max_size": 213}  # what `--input-size 128` makes of 800 and 1333
    return {
        "Faster R-CNN": FasterRCNN(Backbone(stride=4), classes, **small),
        "RetinaNet": RetinaNet(Backbone(), classes, **small),
        "FCOS": FCOS(Backbone(), classes, **small),
        "SSDlite": ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=classes),
    }


def main() -> None:
    """Check the training data under each model."""
    loader = loader_of(DATA / "annotations" / "instances_train.json", DATA / "images" / "train")
    for name, model in models(classes=4).items():
        checked = anchoraudit.check(loader, model)
        print(f"{name}: {checked}")


if __name__ == "__main__":
    main()
