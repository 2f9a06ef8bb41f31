from tests.rule_cases import Case, coco, ids

CASE = Case(
    coco({}, {"image_id": 2}, images=[{"id": 1}, {"id": 2}]),
    [("a.json", "", "none of 2 images")],
    coco({}, {"image_id": 2}, images=[{"id": 1}, *ids(2)]),
)
