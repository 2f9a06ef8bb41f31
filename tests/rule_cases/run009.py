from tests.rule_cases import Case, voc

OBJECT = (100, 100, 174, 249)
CASE = Case(
    voc(("Helmet", *OBJECT)),
    [
        (
            "Annotations",
            "",
            "loader py-faster-rcnn raises KeyError: 'helmet', if its list of classes says 'Helmet'",
        )
    ],
    voc(("helmet", *OBJECT)),
    detector="py-faster-rcnn",
)
