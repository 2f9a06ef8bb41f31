from tests.rule_cases import Case
from tests.rule_cases.set009 import LINE, TRAIN, VAL, YAML

WITHOUT = {name: content for name, content in TRAIN.items() if name.startswith("images")}
CASE = Case(
    {**VAL, **WITHOUT, "data.yaml": YAML.format("images/train")},
    [("labels/train", "", "no image of the training split 'train' has an annotation, of 1")],
    {**VAL, **WITHOUT, "labels/train/a.txt": LINE, "data.yaml": YAML.format("images/train")},
)
