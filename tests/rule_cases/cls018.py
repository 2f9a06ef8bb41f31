from tests.rule_cases import Case, yolo

LABEL = "0 0.5 0.5 0.2 0.2"


def declared(text):
    return {**yolo(LABEL), "data.yaml": f"train: images\nval: images\n{text}\n"}


CASE = Case(
    declared("names: {1: cat, 2: dog}"),
    [
        (
            "data.yaml",
            "line 3",
            "loader ultralytics raises KeyError: 2-class dataset requires class indices 0-1, but you have "
            "invalid class indices 1-2 defined in your dataset YAML. (the keys of names run 1 to 2, 0 is "
            "unused: subtract 1)",
        )
    ],
    declared("names: {'1': cat, 0: dog}"),
    options={"loader": "ultralytics"},
)
