from tests.rule_cases import Case, H, W, document, image

CASE = Case(
    {f"annotations/{split}.json": document([image(1)], []) for split in ("train", "val")},
    [("annotations/val.json", "images[0]", "'1.jpg' is in 'train' and in 'val'")],
    {
        **{f"{split}/_annotations.coco.json": document([image(1)], []) for split in ("train", "valid")},
        **{f"{split}/1.jpg": (W, H) for split in ("train", "valid")},
    },
)
