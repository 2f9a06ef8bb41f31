"""Exp files of YOLOX: parsed, never executed."""

import textwrap

import pytest

from anchoraudit.classes.readers import read_classes
from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from tests.builders import make

EXP = """
    import os
    from yolox.exp import Exp as MyExp

    SIDE = 416

    class Exp(MyExp):
        def __init__(self):
            super(Exp, self).__init__()
            self.depth = 0.33
            self.num_classes = 3
            self.input_size = (SIDE, SIDE)
            self.random_size = (10, 20)
            self.test_size = self.input_size
            self.exp_name = os.path.split(os.path.realpath(__file__))[1].split(".")[0]

        def get_model(self):
            from yolox.models import YOLOX, YOLOXHead

            if "model" not in self.__dict__:
                head = YOLOXHead(self.num_classes, self.width, act=self.act)
                self.model = YOLOX(None, head)
            return self.model

        def get_dataset(self, cache, cache_type="ram"):
            from yolox.data import COCODataset, TrainTransform

            return COCODataset(data_dir=self.data_dir, preproc=TrainTransform(max_labels=50))
    """
SAME = ("match", "points", "loss", "labels", "loader")


@pytest.fixture
def write(tmp_path):
    def written(text):
        make(tmp_path, {"mine.py": textwrap.dedent(text)})
        return tmp_path / "mine.py"

    return written


def refused(path):
    with pytest.raises(AnchorauditError) as caught:
        load_detector(path)
    assert caught.value.remedy
    return str(caught.value)


def test_whole(write):
    detector = load_detector(write(EXP))
    assert detector.name == "mine"
    assert all(getattr(detector, block) == getattr(load_detector("yolox"), block) for block in SAME)
    assert detector.resize == load_detector("yolox").resize.with_size(416)
    assert (detector.classes.count, detector.classes.stated_in) == (3, "mine.py, line 11")
    notes = " ".join(detector.notes)
    assert "preset yolox-0.3.0" in notes
    assert "from 320 to 640 px" in notes
    assert "keeps the first" not in notes
    assert read_classes(write(EXP)).count == 3


def test_what_a_short_file_leaves_open(write):
    detector = load_detector(write("import yolox\nclass Exp(yolox.exp.Exp):\n    num_classes = 2\n"))
    assert detector.resize == load_detector("yolox").resize
    assert detector.classes.count == 2
    assert "from 480 to 800 px" in " ".join(detector.notes)
    detector = load_detector(write("from yolox.exp import Exp as E\nclass Exp(E):\n    pass\n"))
    assert (detector.classes.count, detector.classes.stated_in) == (80, "mine.py, without num_classes")


def test_sizes(write):
    detector = load_detector(write(EXP.replace("(SIDE, SIDE)", "(384, 640)")))
    assert detector.resize.side == 640
    assert "Trained at 640x384" in " ".join(detector.notes)
    fixed = EXP.replace("self.random_size = (10, 20)", "self.multiscale_range = 0")
    assert "the size of each batch" not in " ".join(load_detector(write(fixed)).notes)


def test_strides_of_the_head(write):
    text = EXP.replace("act=self.act", "act=self.act, strides=[4, 8, 16]")
    assert load_detector(write(text)).strides == (4, 8, 16)


def test_another_limit_of_boxes(write):
    notes = " ".join(load_detector(write(EXP.replace("max_labels=50", "max_labels=300"))).notes)
    assert "get_dataset keeps the first 300 boxes of an image (line 28)" in notes


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("(SIDE, SIDE)", "(f(1), SIDE)", ["line 12", "f(1)", "not executed"]),
        ("(SIDE, SIDE)", "(1, 2, 3)", ["line 12", "input_size"]),
        ("(SIDE, SIDE)", "(0, 0)", ["line 12", "side"]),
        ("num_classes = 3", "num_classes = len(NAMES)", ["line 11", "len(NAMES)"]),
        ("num_classes = 3", "num_classes = -3", ["line 11", "-3"]),
        ("self.random_size = (10, 20)", "if x: self.random_size = (10, 20)", ["line 13", "not executed"]),
        ("self.depth = 0.33", "self.num_classes = 2", None),
        ("YOLOXHead(", "MyHead(", ["line 17: get_model builds no YOLOXHead", "--assume-standard"]),
        ("act=self.act", "strides=[16, 8]", ["line 21", "grow from level to level"]),
        ("act=self.act", "strides=self.s", ["line 21", "self.s"]),
        ("from yolox.exp import", "from mine.yolox import", ["line 7", "made of MyExp", "--assume-standard"]),
        ("def __init__(self):", "def __init__(self:", ["not valid Python", "line 8"]),
    ],
)
def test_errors(write, old, new, words):
    assert old in EXP
    path = write(EXP.replace(old, new))
    if words is None:
        load_detector(path)
        return
    error = refused(path)
    for word in ("mine.py", *words):
        assert word in error


def test_at_the_users_word(write):
    path = write(
        EXP.replace("from yolox.exp import", "from mine.yolox import").replace("YOLOXHead(", "MyHead(")
    )
    detector = load_detector(path, assume_standard=True)
    assert detector.name == "mine (assumed standard)"
    assert detector.strides == (8, 16, 32)
    assert any("MyExp sets no more than YOLOX's own Exp" in note for note in detector.notes)
