"""Configs of meituan/YOLOv6."""

import textwrap

import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from tests.builders import make

CONFIG = """
    model = dict(
        type='YOLOv6s',
        head=dict(
            type='EffiDeHead',
            num_layers=3,
            strides=[8, 16, 32],
            atss_warmup_epoch=0,
        )
    )
    solver = dict(optim='SGD')
    """


@pytest.fixture
def write(tmp_path):
    def written(text):
        make(tmp_path, {"mine.py": textwrap.dedent(text)})
        return tmp_path / "mine.py"

    return written


def test_whole(write):
    detector, other = load_detector(write(CONFIG)), load_detector("yolov6")
    for block in ("resize", "points", "match", "loss", "labels", "loader"):
        assert getattr(detector, block) == getattr(other, block)
    assert "--fuse_ab" in detector.notes[-1]


def test_other_levels_and_first_epochs(write):
    text = CONFIG.replace("[8, 16, 32]", "[8, 16, 32, 64]").replace("epoch=0", "epoch=4")
    detector = load_detector(write(text.replace("EffiDeHead", "Lite_EffideHead")))
    assert detector.strides == (8, 16, 32, 64)
    assert "Its first 4 epochs assign by ATSS" in detector.notes[-1]
    shown = load_detector("yolov6-warmup")
    assert f"preset {shown.name} shows those" in detector.notes[-1]
    assert shown.strides == detector.strides


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("strides=[8, 16, 32]", "strides=[16, 8]", ["line 7", "grow from level to level"]),
        ("strides=[8, 16, 32]", "strides=f(3)", ["line 7", "not executed"]),
        ("atss_warmup_epoch=0", "atss_warmup_epoch='x'", ["line 8", "atss_warmup_epoch"]),
        ("    model = dict(", "    net = dict(", ["no model = dict"]),
        ("solver = dict(optim='SGD')", "model['head']['type'] = 'MyHead'", ["MyHead is not one of YOLOv6"]),
    ],
)
def test_errors(write, old, new, words):
    assert old in CONFIG
    with pytest.raises(AnchorauditError) as caught:
        load_detector(write(CONFIG.replace(old, new)))
    assert caught.value.remedy
    for word in ("mine.py", *words):
        assert word in str(caught.value)
