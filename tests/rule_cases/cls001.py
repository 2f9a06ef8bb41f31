from tests.rule_cases import Case, coco

CASE = Case(
    coco({"category_id": 7}, {"category_id": 7}, {"category_id": "1"}, (1, 1, 9, 9)),
    [
        ("a.json", "annotations[0].category_id", "category id 7 of 2 annotations is not in `categories`"),
        ("a.json", "annotations[2].category_id", "category id '1' of 1 annotations is not"),
    ],
    coco((1, 1, 9, 9)),
)
