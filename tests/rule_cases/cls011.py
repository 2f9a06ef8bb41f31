from anchoraudit.detectors.classes import Classes
from tests.rule_cases import Case, named

CASE = Case(
    named("cat", "dog"),
    [("a.json", "", "no box has the class 'bird' of config.py")],
    named("cat", "bird", "dog"),
    detector="mmdet-retinanet_fpn",
    options={"classes": Classes(names=("cat", "bird", "dog"), stated_in="config.py")},
)
