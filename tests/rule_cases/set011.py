from tests.rule_cases import Case, coco

CASE = Case(
    coco({"iscrowd": 1}, (9, 9, 0, 90)),
    [("a.json", "", "no box is usable: 1 crowd, 1 without area")],
    coco({"iscrowd": 1}, (9, 9, 70, 90)),
)
