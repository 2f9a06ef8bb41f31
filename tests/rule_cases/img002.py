from tests.rule_cases import Case, H, W, coco, ids

CASE = Case(
    coco(images=[*ids(1), {"id": 2, "file_name": "b.jpg", "width": 640, "height": 0}]),
    [("a.json", "images[1]", "image 2 has no declared size")],
    {**coco(images=[{"id": 1, "file_name": "b.jpg"}]), "b.jpg": (W, H)},
)
