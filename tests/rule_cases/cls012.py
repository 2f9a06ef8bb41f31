from anchoraudit.detectors.classes import Classes
from tests.rule_cases import Case, named

EXCHANGED = "'cat' is index 0, which it calls 'dog', 'dog' is index 1, which it calls 'cat'"

CASE = Case(
    named("cat", "dog"),
    [("a.json", "", EXCHANGED)],
    named("dog", "cat"),
    detector="mmdet-retinanet_fpn",
    options={"classes": Classes(names=("dog", "cat"), stated_in="config.py")},
)
