from tests.rule_cases import Case, coco, ids

CASE = Case(
    coco(images=[*ids(1), {"file_name": "b.jpg"}]),
    [("a.json", "images[1]", "without a usable `id`")],
    coco(images=[*ids(1), {"id": "2"}]),
)
