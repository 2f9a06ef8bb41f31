from tests.rule_cases import Case, H, W, annotation, document, image, picture

TRAIN = document([image(1, width=W, height=H)], [annotation(1, 1, [9, 9, 70, 90])])
BLANK = document([image(1, width=W, height=H)], [])


def splits(train, test):
    return {"train/_annotations.coco.json": train, "test/_annotations.coco.json": test}


CASE = Case(
    {**splits(TRAIN, TRAIN), "train/1.jpg": picture(), "test/a.jpg": picture(seed=1), "test/b.jpg": (9, 9)},
    [
        (
            "test/_annotations.coco.json",
            "",
            "train/_annotations.coco.json; of the 2 pictures beside it none is named",
        )
    ],
    {**splits(BLANK, BLANK), "train/1.jpg": picture(), "test/a.jpg": picture(seed=1)},
)
