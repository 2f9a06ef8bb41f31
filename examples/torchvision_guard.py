"""Training loops for torchvision models, each stopped before the batch that the model raises at.

pip install '.[torch]'
python examples/torchvision_guard.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch.utils.data import DataLoader
from torchvision_check import DATA, loader_of, models

import anchoraudit

# The presets of the same assigners, for the command line.
DETECTORS = {
    "Faster R-CNN": ("torchvision-fasterrcnn_resnet50_fpn", "--input-size", "128"),
    "RetinaNet": ("torchvision-retinanet_resnet50_fpn", "--input-size", "128"),
    "FCOS": ("torchvision-fcos_resnet50_fpn", "--input-size", "128"),
    "SSDlite": ("torchvision-ssdlite320",),
}


def train(model: torch.nn.Module, loader: DataLoader) -> int:
    """Train for an epoch; return the number of steps. Raises FloatingPointError at a loss that is NaN."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    for step, (images, targets) in enumerate(loader):
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {step}")
    return step + 1


def guarded(name: str, model: torch.nn.Module, folder: str) -> None:
    """Train with a guard, which stops; then on the filtered data, to the end."""
    annotations, images = DATA / "annotations" / "instances_train.json", DATA / "images" / "train"
    loader = loader_of(annotations, images)
    try:
        with anchoraudit.guard(model, loader, folder=folder):
            train(model, loader)
    except anchoraudit.AnchorauditError as error:
        print(f"{name}: stopped: {error}")

    clean = Path(folder, f"{name}.json")
    command = [sys.executable, "-m", "anchoraudit", "filter", str(annotations), "-o", str(clean)]
    command += ["--detector", *DETECTORS[name]]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    loader = loader_of(clean, images)
    with anchoraudit.guard(model, loader, folder=folder) as watched:
        steps = train(model, loader)
    share = watched.end_epoch()["anchoraudit/images_without_foreground"]
    print(f"{name}: filtered: {steps} steps, {share:.0%} of the images without foreground")


def main() -> None:
    """Train each model."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # for networks this small, more of them take longer
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(classes=4).items():
            guarded(name, model.train(), folder)


if __name__ == "__main__":
    main()
