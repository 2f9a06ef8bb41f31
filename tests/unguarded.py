"""A network of one anchor a cell whose box loss is divided by the positives of the batch, unguarded.

For the tests of callbacks, which train it for a few steps on images of 64 x 64 pixels in the loops of their
frameworks: one image a batch, and the third batch has no foreground.
"""

from __future__ import annotations

import math

import pytest

from anchoraudit.detectors import Detector
from anchoraudit.detectors.spec import Anchors, Level, Loss, Match, Resize

DETECTOR = Detector(
    name="unguarded",
    resize=Resize(kind="none"),
    anchors=Anchors(levels=(Level(stride=16, offset=8, shapes=((16, 16),)),)),
    match=Match(positive=0.5, negative=0.4),
    loss=Loss(normaliser="batch_positives"),
)
NAMES = ("first.jpg", "second.jpg", "tiny.jpg", "last.jpg")
BOXES = ([0, 0, 16, 16], [16, 16, 34, 32], [1, 1, 4, 4], [32, 0, 48, 16])
SHARES = {
    "anchoraudit/images_without_foreground": 0.25,
    "anchoraudit/batches_without_foreground": 0.25,
    "anchoraudit/boxes_unmatched": 0.25,
}


def network():
    """Return the network: called with images [B, 3, 64, 64] and dicts with `boxes`, it returns its losses."""
    torch = pytest.importorskip("torch", reason="NOT TESTED: install torch to train with callbacks")

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.offsets = torch.nn.Conv2d(3, 4, 16, stride=16)
            self.calls = 0

        def forward(self, images, targets):
            self.calls += 1
            y, x = torch.meshgrid(torch.arange(4) * 16.0, torch.arange(4) * 16.0, indexing="ij")
            anchors = torch.stack([x, y, x + 16, y + 16], -1).reshape(-1, 4)
            found = self.offsets(images).permute(0, 2, 3, 1).reshape(len(images), -1, 4)
            loss, positives = found.sum() * 0, 0
            for offsets, target in zip(found, targets, strict=True):
                for box in target["boxes"]:
                    wide = torch.minimum(anchors[:, 2:], box[2:]) - torch.maximum(anchors[:, :2], box[:2])
                    inner = wide.clamp(min=0).prod(1)
                    positive = inner / (256 + (box[2:] - box[:2]).prod() - inner) >= 0.5
                    loss = loss + (positive * ((box - anchors) / 16 - offsets).abs().sum(1)).sum()
                    positives = positives + positive.sum()
            return {"loss_box": loss / positives if torch.is_tensor(positives) else loss / loss.new_zeros(())}

    torch.manual_seed(0)
    torch.set_num_threads(1)  # for a network this small, more of them take longer
    return Network()


def items():
    """Return image and target of each of the four images."""
    import torch

    return [
        (
            torch.full((3, 64, 64), 0.1 * i),
            {"boxes": torch.tensor([box], dtype=torch.float32), "labels": torch.ones(1, dtype=torch.int64)}
            | {"file_name": name},
        )
        for i, (box, name) in enumerate(zip(BOXES, NAMES, strict=True))
    ]


def loader(collate=None, *, without=()):
    """Return a DataLoader over the images, one a batch, without some."""
    from torch.utils.data import DataLoader

    kept = [item for i, item in enumerate(items()) if NAMES[i] not in without]
    return DataLoader(kept, batch_size=1, collate_fn=collate or stacked)


def stacked(batch):
    """Make (images [B, 3, 64, 64], [dict, ...]) of a list of pairs."""
    import torch

    return torch.stack([image for image, _ in batch]), [target for _, target in batch]


def is_whole(model) -> bool:
    """Tell whether all weights are finite."""
    return all(math.isfinite(float(one.detach().sum())) for one in model.parameters())
