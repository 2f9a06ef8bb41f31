"""SET018: label files that the frameworks do not find."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET018",
    severity="warning",
    title="label files that the frameworks do not find",
    what=(
        "YOLO: label files in another folder than the one that follows from the path of their images. They "
        "were found by their names, and are read. One finding for each folder."
    ),
    why=(
        "YOLOv5, YOLOv7 and Ultralytics replace the last `/images/` in the path of an image by `/labels/` "
        "(`img2label_paths`), in this case and spelling only. Without it, they look beside the image. They "
        "train an image without a label file as background, and stop if there is no label at all: "
        '"No labels found in". Under their loaders, the boxes of these images are not used.'
    ),
    example="Images/a.jpg and Labels/a.txt: Ultralytics looks for Images/a.txt",
    remedy="rename the folders to images/ and labels/, with the same folders in both, and in data.yaml",
    scope="totals",
)
