from tests.rule_cases import Case
from tests.rule_cases.cls018 import declared

CASE = Case(
    declared("nc: 3\nnames: [no, dog]"),
    [
        (
            "data.yaml",
            "line 3",
            "nc is 3, but there are 2 names; ultralytics, ultralytics-8.3 and yolov7 stop there",
        ),
        ("data.yaml", "line 4", "YAML reads the name 'no' as False; the class is called that"),
    ],
    declared("nc: 2\nnames: ['no', dog]"),
)
