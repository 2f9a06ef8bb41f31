"""A training loop for a torchvision model, stopped before the batch that the model raises at.

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

DETECTOR = "torchvision-retinanet_resnet50_fpn"


def train(model: torch.nn.Module, loader: DataLoader) -> int:
    """Train for an epoch; return the number of steps."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    for step, (images, targets) in enumerate(loader):
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"  step {step}: loss {float(loss.detach()):.2f}")
    return step + 1


def main() -> None:
    """Train with a guard, which stops; then on the filtered data, to the end."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # for a network this small, more of them take longer
    annotations, images = DATA / "annotations" / "instances_train.json", DATA / "images" / "train"
    model = models(classes=4)["RetinaNet"].train()
    loader = loader_of(annotations, images)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with anchoraudit.guard(model, loader, folder=folder):
                train(model, loader)
        except anchoraudit.AnchorauditError as error:
            print(f"stopped: {error}")

        clean = Path(folder, "clean.json")
        command = [sys.executable, "-m", "anchoraudit", "filter", str(annotations), "-o", str(clean)]
        command += ["--detector", DETECTOR]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        loader = loader_of(clean, images)
        with anchoraudit.guard(model, loader, folder=folder) as watched:
            steps = train(model, loader)
        share = watched.end_epoch()["anchoraudit/images_without_foreground"]
        print(f"filtered: {steps} steps, {share:.0%} of the images without foreground")


if __name__ == "__main__":
    main()
