from tests.builders import annotation, document
from tests.rule_cases import Case, H, W, ids


def splits(train):
    """A COCO file for each split; the images of train are in `train`."""
    files = {
        f"annotations/instances_{split}.json": document(ids(1), [annotation()]) for split in ("train", "val")
    }
    return {**files, "images/val/1.jpg": (W, H), f"images/{train}/1.jpg": (W, H)}


CASE = Case(
    splits("trian"),
    [
        (
            "annotations/instances_train.json",
            "",
            "no image of the training split 'train' is there, of 1, but images are elsewhere: did you mean",
        )
    ],
    splits("train"),
)
