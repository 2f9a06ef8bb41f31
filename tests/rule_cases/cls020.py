from anchoraudit.detectors.classes import Classes
from tests.rule_cases import Case, named

CASE = Case(
    named("cat", "dog"),
    [
        (
            "a.json",
            "",
            "detectron2-retinanet has outputs for 3 classes (the framework's default), and the data need 2",
        )
    ],
    named("cat", "dog", "bird"),
    detector="detectron2-retinanet",
    options={"classes": Classes(count=3, by_default=True)},
)
