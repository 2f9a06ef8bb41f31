from tests.builders import annotation, document, image
from tests.rule_cases import Case, H, W

BOX = [100, 100, 74, 149]


def splits(*names_of_val):
    """A train file with the categories 1 cat, 2 dog, and a val file with the same in this order."""
    files = {}
    for number, (split, names) in enumerate((("train", ("cat", "dog")), ("val", names_of_val)), 1):
        listed = [{"id": {"cat": 1, "dog": 2}[name], "name": name} for name in names]
        files[f"annotations/instances_{split}.json"] = document(
            [image(number, width=W, height=H)], [annotation(1, number, BOX)], categories=listed
        )
    return files


CASE = Case(
    splits("dog", "cat"),
    [
        (
            "annotations/instances_val.json",
            "",
            "'cat' is 0 in train and 1 in val, 'dog' is 1 in train and 0 in val",
        )
    ],
    splits("cat", "dog"),
    detector="mmdet-retinanet_fpn",
)
