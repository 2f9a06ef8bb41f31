from tests.rule_cases import Case, H, W, annotation, document, image, picture

BOXES = document([image(1, width=W, height=H)], [annotation(1, 1, [9, 9, 70, 90])])
OTHER = document([image(1, width=W, height=H)], [annotation(1, 1, [9, 9, 71, 90])])
WHOLE = document([image(1, width=W, height=H)], [annotation(1, 1, [0, 0, W, H])])


def roboflow(train, valid):
    return {"train/_annotations.coco.json": train, "valid/_annotations.coco.json": valid}


CASE = Case(
    {f"annotations/{split}.json": document([image(1)], []) for split in ("train", "val")},
    [("annotations/val.json", "images[0]", "'1.jpg' is in 'train' and in 'val'")],
    {  # other pictures of the same name
        **roboflow(BOXES, OTHER),
        "train/1.jpg": picture(seed=1),
        "valid/1.jpg": picture(seed=2),
    },
)
