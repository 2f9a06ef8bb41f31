from tests.builders import annotation, document
from tests.rule_cases import Case, Threshold, ids


def splits(side, count=30):
    """Two splits of so many images with a box each: of 60 px in train, of `side` px in val."""
    first, second = range(1, count + 1), range(count + 1, 2 * count + 1)

    def split(numbers, edge):
        boxes = [annotation(n, n, [9 + n % 7, 9 + n % 5, edge + n % 9, edge + n % 9]) for n in numbers]
        return document(ids(*numbers), boxes)

    return {
        "annotations/instances_train.json": split(first, 60),
        "annotations/instances_val.json": split(second, side),
    }


CASE = Case(
    splits(200),
    [
        (
            "annotations/instances_val.json",
            "",
            f"{name} differs between 'train' and 'val': drift 1.00 of 1 ({what}",
        )
        for name, what in (("box size", "side of a box"), ("box place", "distance of a box's centre"))
    ],
    splits(60),
)
THRESHOLD = Threshold(splits(200, 20), {"images": 20}, 0, 2)
