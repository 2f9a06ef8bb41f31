"""A training by Ultralytics that tells, for each epoch, how many of its images have no foreground.

pip install '.[torch]' ultralytics
python examples/ultralytics_callback.py
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np
from ultralytics import YOLO

import anchoraudit
from anchoraudit.training.callbacks.ultralytics import AnchorauditCallback

DATA = Path(anchoraudit.__file__).parent.parent / "sample_data" / "coco"


def as_yolo(folder: Path) -> Path:
    """Write the sample data as Ultralytics takes them; return the data.yaml."""
    dataset = anchoraudit.read(DATA)
    for part in ("images", "labels"):
        (folder / part).mkdir()
    for row in range(len(dataset.images)):
        path = dataset.image_path(row)
        if path is None:
            continue
        shutil.copy(path, folder / "images")
        own = dataset.boxes.image == row
        sides = np.tile([dataset.images.width[row], dataset.images.height[row]], 2)
        corners = np.clip(dataset.boxes.xyxy[own] / sides, 0, 1)
        centres, sizes = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
        lines = [
            f"{label} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n"
            for label, (x, y), (w, h) in zip(dataset.boxes.category[own], centres, sizes, strict=True)
            if w > 0 and h > 0
        ]
        (folder / "labels" / f"{path.stem}.txt").write_text("".join(lines))
    names = ", ".join(category.name for category in dataset.categories)
    config = folder / "data.yaml"
    config.write_text(f"path: {folder}\ntrain: images\nval: images\nnames: [{names}]\n")
    return config


def main() -> None:
    """Train a small network for an epoch, and read what was logged."""
    with tempfile.TemporaryDirectory() as folder:
        model = YOLO("yolo11n.yaml")
        callback = AnchorauditCallback(folder=Path(folder)).add_to(model)
        model.train(
            data=str(as_yolo(Path(folder))),
            project=folder,
            epochs=1,
            imgsz=64,
            batch=4,
            workers=0,
            device="cpu",
            mosaic=0,
            plots=False,
            val=False,
            amp=False,
            verbose=False,
        )
        with (Path(model.trainer.save_dir) / "results.csv").open(encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        share = float(row["anchoraudit/images_without_foreground"])
        epoch = callback.monitor.epochs[0]
        print(
            f"fed {epoch.images} images with {epoch.boxes} boxes; {share:.0%} of the images had no foreground"
        )


if __name__ == "__main__":
    main()
