from tests.rule_cases import Case, H, W, annotation, document, image

SHOWN = [image(n, width=W, height=H) for n in (1, 2, 3)]
BOXES = [annotation(n, 1 + n % 3, [9, 9, 70, 90 + n]) for n in (1, 2, 3, 4)]
# The same boxes in another order, with ids of their own.
FEW = document(SHOWN[:2], [annotation(7, 1, BOXES[2]["bbox"]), annotation(3, 2, BOXES[3]["bbox"]), BOXES[0]])
MOVED = document(SHOWN[:1], [annotation(7, 1, [9, 9, 70, 99])])

CASE = Case(
    {"annotations/instances_val.json": document(SHOWN, BOXES), "annotations/instances_val_50.json": FEW},
    [
        (
            "annotations/instances_val_50.json",
            "",
            "not counted: its 2 images are among the 3 of instances_val.json, with the same boxes",
        )
    ],
    {
        "annotations/instances_val.json": document(SHOWN, BOXES),
        "annotations/instances_val_moved.json": MOVED,
        "annotations/instances_train.json": FEW,
        "annotations/instances_other.json": document([image(4)], []),
    },
)
