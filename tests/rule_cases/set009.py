from tests.rule_cases import Case

LINE = "0 .5 .5 .2 .3"
YAML = "train: {}\nval: images/val\nnames: [cat]\n"
VAL = {"images/val/b.jpg": (64, 48), "labels/val/b.txt": LINE}
TRAIN = {"images/train/a.jpg": (64, 48), "labels/train/a.txt": LINE}
CASE = Case(
    {**VAL, **TRAIN, "data.yaml": YAML.format("images/trian")},
    [("data.yaml", "line 1", "'images/trian' does not exist; did you mean images/train? Ultralytics and")],
    {**VAL, **TRAIN, "data.yaml": YAML.format("images/train")},
)
