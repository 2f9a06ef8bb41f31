"""SET017: images of a split that were not read."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET017",
    severity="warning",
    title="images of a split that were not read",
    what=(
        "Images below the data set, in a folder that is named like a split for training or validation "
        "(`valid/`, `train/images/`), while no image of that folder was read. Other folders of images, such "
        "as those for tests, masks or thumbnails, are counted in a note. Neither is looked for with "
        "`--split` or `--image-folder`, where the annotations were named as a file, or where COCO or tables "
        "are read part by part."
    ),
    why=(
        "Its annotations were lost or are of another format. The split is in no count of the report, while a "
        "framework trains or validates on images without objects, or stops."
    ),
    example="train/ with a.jpg and a.txt, and valid/ with b.jpg alone",
    remedy="add their annotations, or move the images away if nobody trains on them",
    scope="totals",
)
