from tests.rule_cases import Case, coco

CASE = Case(
    coco({"image_id": 2}, (1, 1, 9, 9)),
    [("a.json", "annotations[0].image_id", "annotation of image 2, which is not in `images`")],
    coco((1, 1, 9, 9)),
)
