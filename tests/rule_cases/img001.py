from tests.rule_cases import Case, coco, drawn, image

CASE = Case(
    drawn("a.jpg", file_names=["a.jpg", "b.jpg"]),
    [("a.json", "images[1].file_name", "no image 'b.jpg'")],
    coco(images=[image(1, file_name="a.jpg"), image(2, file_name="b.jpg")]),
)
