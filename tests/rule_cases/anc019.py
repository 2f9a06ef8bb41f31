from tests.rule_cases import Case, coco

# Points of stride 8 lie at 4, 12, ..., 100, 108.
BOXES = [(97 + i / 10, 97, 7 - i / 10, 7) for i in range(3)]
OWN = """
name = "own"
resize = { kind = "none" }
points = { strides = [8] }
match = { kind = "in_box", top = 10 }
loss = { normaliser = "batch_positives_or_one" }
"""

CASE = Case(
    coco(*BOXES, (105, 97, 7, 7)),
    [
        (
            "a.json",
            "images[0]",
            "at least 2 of 3 boxes get no point at any step: 1 candidate point for 3 boxes "
            "(annotations[0], annotations[1], annotations[2]): image 1",
        )
    ],
    coco(BOXES[0], (97, 97, 15, 7)),
    own=OWN,
)
