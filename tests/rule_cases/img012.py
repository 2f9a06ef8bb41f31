from tests.rule_cases import Case, H, W, document, image, picture


def named(*names):
    return document([image(n, file_name=name, width=W, height=H) for n, name in enumerate(names, 1)])


CASE = Case(
    {
        "annotations/instances_train.json": named(
            "data/train/a.jpg", "b.jpg", "data\\c.jpg", "data/gone.jpg"
        ),
        "annotations/instances_val.json": named("data/val/d.jpg", "data/val/gone.jpg"),
        "images/train/a.jpg": picture(),
        "images/train/b.jpg": picture(seed=1),
        "images/train/c.jpg": picture(seed=2),
        "images/val/d.jpg": picture(seed=3),
    },
    [
        (
            "annotations/instances_train.json",
            "images[0].file_name",
            "`file_name` of 2 of 4 images leads to no file: 'data/train/a.jpg' is in",
        ),
        (
            "annotations/instances_val.json",
            "images[0].file_name",
            "`file_name` of 1 of 2 images leads to no file: 'data/val/d.jpg' is in",
        ),
    ],
    {
        "annotations/instances_train.json": named("sub/a.jpg", "gone/b.jpg", "gone.jpg"),
        "images/sub/a.jpg": picture(),
        "images/sub/b.jpg": picture(seed=1),
    },
)
