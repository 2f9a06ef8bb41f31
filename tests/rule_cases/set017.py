from tests.rule_cases import Case
from tests.test_yolo import BOX

READ = {"train/a.jpg": (64, 48), "train/a.txt": BOX}

CASE = Case(
    {**READ, "valid/images/b.jpg": (64, 48), "valid/images/c.jpg": (64, 48)},
    [("valid/images", "", "2 image files in valid/images/ not read: no annotation of them was found")],
    {**READ, "test/b.jpg": (64, 48), "masks/c.png": (64, 48), ".valid/d.jpg": (64, 48)},
)
