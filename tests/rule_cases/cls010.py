from anchoraudit.detectors.classes import Classes
from tests.rule_cases import Case, named

CASE = Case(
    named("cat", "Dog"),
    [
        (
            "a.json",
            "",
            "class 'Dog' (1 box) is not in config.py; it has 'dog': "
            "mmdet-retinanet_fpn silently drops its boxes",
        )
    ],
    named("cat", "dog"),
    detector="mmdet-retinanet_fpn",
    options={"classes": Classes(names=("cat", "dog"), stated_in="config.py")},
)
