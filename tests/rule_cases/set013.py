from tests.builders import annotation, document
from tests.rule_cases import Case, ids


def splits(*val):
    return {
        "annotations/instances_train.json": document(ids(1), [annotation()]),
        "annotations/instances_val.json": document(ids(2), list(val)),
    }


CASE = Case(
    splits(),
    [("annotations/instances_val.json", "", "no image of the split 'val' has an annotation, of 1")],
    splits(annotation(image_id=2)),
)
