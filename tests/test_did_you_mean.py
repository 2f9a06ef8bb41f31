"""Misspelt commands, options, presets, rules, choices and paths: the nearest name is suggested."""

import pytest

from tests.builders import document, make, run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scna", "a.json"], "unknown command 'scna'. Did you mean scan? Commands: advise, "),
        (["detectors", "shwo", "yolov5"], "unknown command 'shwo'. Did you mean show?"),
        (["scan", "a.json", "--verbsoe"], "unknown option --verbsoe of scan. Did you mean --verbose? "),
        (
            ["scan", "a.json", "--frobnicate"],
            "unknown option --frobnicate of scan. `anchoraudit scan --help` lists them.",
        ),
        (["scan", "a.json", "--detector", "yolov55"], "Did you mean yolov5? Name a preset"),
        (
            ["scan", "a.json", "--detector", "BCD"],
            "no detector 'BCD'\n  Name a preset (`anchoraudit detectors`",
        ),
        (["scan", "a.json", "--format", "coc"], "Did you mean coco?"),
        (["scan", "a.json", "--output-format", "jsn"], "Did you mean json?"),
        (["scan", "a.json", "--images", "heder"], "Did you mean header?"),
        (["scan", "a.json", "--fail-on", "eror"], "Did you mean error?"),
        (["scan", "a.json", "--loader", "mmdet-coc"], "Did you mean mmdet-coco?"),
        (["scan", "a.json", "--class-rules", "torchvison"], "Did you mean torchvision?"),
        (["scan", "a.json", "--select", "BX012"], "Did you mean BOX012?"),
        (["scan", "a.json", "--augment", "flp"], "Did you mean flip?"),
        (["formats", "show", "coc"], "Did you mean coco?"),
        (["rules", "show", "BX012"], "Did you mean BOX012?"),
        (["compare", "a.json", "--detector", "refernce"], "Did you mean reference?"),
        (["cluster", "a.json", "--metric", "iuo"], "Did you mean iou?"),
        (["cluster", "a.json", "--for", "yolo5"], "Did you mean yolov5?"),
        (["filter", "a.json", "--drop", "blnk", "-o", "b.json"], "Did you mean blank?"),
        (["scan", "BCD"], "BCD: no such file or folder\n  Did you mean BCCD? Check the path"),
        (["scan", "BCCD/../a.jsn"], "Did you mean BCCD/../a.json?"),
    ],
)
def test_the_nearest_name_is_suggested(here, capsys, words, said):
    make(here, {"a.json": document(), "BCCD/x": ""})
    assert run(*words) == 2
    assert said in capsys.readouterr().err
