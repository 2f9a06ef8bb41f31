"""A region proposal network whose loss goes NaN, the step before it does, and the remedy.

The box loss is that of the reference detector (docs/losses.md): a sum, divided by the number of positive
anchors of the batch, unguarded. A batch in which no box matches an anchor gives 0/0.

    pip install '.[torch]'
    python examples/rpn_nan.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

import anchoraudit

DATA = Path(__file__).resolve().parents[1] / "sample_data" / "coco"
IMAGES = DATA / "images" / "train"
WIDTH, HEIGHT, STRIDE, BORDER = 960, 720, 16, 5
SHAPES = [(74, 149), (34, 149), (86, 74), (109, 132), (172, 183), (103, 229), (149, 91), (51, 132), (57, 200)]


class Cats(Dataset):
    """The images of a COCO file, stretched to the input of the network, and a target for each."""

    def __init__(self, annotations: Path, images: Path) -> None:
        document = json.loads(annotations.read_text())
        self.entries = [one for one in document["images"] if (images / one["file_name"]).exists()]
        self.folder = images
        self.boxes: dict[int, list[list[float]]] = {one["id"]: [] for one in self.entries}
        for note in document["annotations"]:
            x, y, w, h = note["bbox"]
            if not note.get("iscrowd") and w > 0 and h > 0 and note["image_id"] in self.boxes:
                self.boxes[note["image_id"]].append([x, y, x + w, y + h])

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, dict]:
        entry = self.entries[index]
        picture = Image.open(self.folder / entry["file_name"]).convert("RGB")
        scale = torch.tensor([WIDTH / picture.width, HEIGHT / picture.height] * 2)
        limit = torch.tensor([picture.width, picture.height] * 2, dtype=torch.float32)
        boxes = torch.tensor(self.boxes[entry["id"]]).reshape(-1, 4).clamp(min=0).minimum(limit)
        boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(1)] * scale
        pixels = np.asarray(picture.resize((WIDTH, HEIGHT)), dtype=np.float32) / 255
        target = {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64)}
        return torch.from_numpy(pixels).permute(2, 0, 1), {**target, "file_name": entry["file_name"]}


def collate(batch: list) -> tuple[torch.Tensor, list[dict]]:
    """Stack the images, and keep the targets as they are."""
    return torch.stack([image for image, _ in batch]), [target for _, target in batch]


class RPN(nn.Module):
    """Scores and offsets of nine anchors at each cell of a grid of stride 16; in training, their losses."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.AvgPool2d(STRIDE), nn.Conv2d(3, 16, 3, padding=1), nn.ReLU())
        self.scores = nn.Conv2d(16, len(SHAPES), 1)
        self.offsets = nn.Conv2d(16, len(SHAPES) * 4, 1)
        y, x = torch.meshgrid(
            torch.arange(HEIGHT // STRIDE) * STRIDE + 8.0,
            torch.arange(WIDTH // STRIDE) * STRIDE + 8.0,
            indexing="ij",
        )
        halves = torch.tensor(SHAPES) / 2.0
        centres = torch.stack([x, y], -1).reshape(-1, 1, 2)
        anchors = torch.cat([centres - halves, centres + halves], -1).reshape(-1, 4)
        inside = (anchors[:, :2] > -BORDER).all(1)
        inside &= (anchors[:, 2] < WIDTH + BORDER) & (anchors[:, 3] < HEIGHT + BORDER)
        self.register_buffer("anchors", anchors)
        self.register_buffer("inside", inside)

    def encode(self, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a label of each anchor (1 positive, 0 negative, -1 ignored) and the box of the best IoU."""
        label = torch.where(self.inside, 0, -1)
        if not len(boxes):
            return label, torch.zeros(len(label), dtype=torch.int64)
        low = torch.maximum(self.anchors[:, None, :2], boxes[:, :2])
        high = torch.minimum(self.anchors[:, None, 2:], boxes[:, 2:])
        overlap = (high - low).clamp(min=0).prod(-1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
        own = (self.anchors[:, 2:] - self.anchors[:, :2]).prod(-1)
        best, which = (overlap / (own[:, None] + areas - overlap)).max(1)
        label[self.inside & (best > 0.1)] = -1
        label[self.inside & (best >= 0.5)] = 1
        return label, which

    def forward(self, images: torch.Tensor, targets: list[dict]) -> dict[str, torch.Tensor]:
        """Return the losses of a batch."""
        features = self.features(images)
        scores = self.scores(features).permute(0, 2, 3, 1).reshape(len(images), -1)
        offsets = self.offsets(features).permute(0, 2, 3, 1).reshape(len(images), -1, 4)
        labels, wanted = [], []
        for target in targets:
            label, which = self.encode(target["boxes"])
            labels.append(label)
            boxes = target["boxes"][which] if len(target["boxes"]) else self.anchors
            wanted.append((boxes - self.anchors) / 100)
        label, goal = torch.stack(labels), torch.stack(wanted)
        positive, known = label == 1, label >= 0
        score = functional.binary_cross_entropy_with_logits(scores[known], label[known].float())
        each = functional.smooth_l1_loss(offsets, goal, reduction="none").sum(-1)
        box = (positive * each).sum() / positive.sum()  # the division without a guard
        return {"score_loss": score, "box_loss": box}


def train(model: nn.Module, loader: DataLoader) -> int | None:
    """Train for an epoch; return the step whose loss is NaN, None if all are finite."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step, (images, targets) in enumerate(loader):
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            return step
    return None


def main() -> None:
    """Train three times: without a guard, with one, and on the filtered data."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # for a network this small, more of them take longer
    annotations = DATA / "annotations" / "instances_train.json"
    loader = DataLoader(Cats(annotations, IMAGES), batch_size=2, collate_fn=collate)
    model = RPN()
    step = train(model, loader)
    whole = all(bool(torch.isfinite(one).all()) for one in model.parameters())
    print(f"without a guard: the loss is NaN at step {step}; weights {'whole' if whole else 'lost'}")

    model = RPN()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with anchoraudit.guard(model, loader, detector="reference", folder=folder):
                train(model, loader)
        except anchoraudit.AnchorauditError as error:
            print(f"with a guard: {error}")
        whole = all(bool(torch.isfinite(one).all()) for one in model.parameters())
        print(f"weights {'whole' if whole else 'lost'}")

        clean = Path(folder, "clean.json")
        command = [sys.executable, "-m", "anchoraudit", "filter", str(annotations), "-o", str(clean)]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        filtered = DataLoader(Cats(clean, IMAGES), batch_size=2, collate_fn=collate)
        with anchoraudit.guard(model, filtered, detector="reference", folder=folder) as watched:
            step = train(model, filtered)
        share = watched.end_epoch()["anchoraudit/images_without_foreground"]
        print(
            f"filtered: {len(filtered.dataset)} images, {share:.0%} without foreground; "
            f"{'every loss is finite' if step is None else f'NaN at step {step}'}"
        )


if __name__ == "__main__":
    main()
