from tests.rule_cases import Case, coco, ids, image

CASE = Case(
    coco(images=ids(1, 0, 0)),
    [("a.json", "images[2].id", "image id 0 was used before")],
    coco(images=[*ids(1, 0), image("0")]),
)
