"""Lazy configs of detectron2's FCOS: parsed, never executed."""

import textwrap

import pytest

from anchoraudit.classes.readers import read_classes
from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from tests.builders import make

LAZY = """
    \"\"\"FCOS on my data.\"\"\"
    from ..common.optim import SGD as optimizer
    from ..common.models.fcos import model
    from ..common.data.coco import dataloader

    COUNT = 2
    dataloader.train.mapper.use_instance_mask = False
    optimizer.lr = 0.01
    model.backbone.bottom_up.freeze_at = 2
    model.num_classes = COUNT + 1
    model.center_sampling_radius = 1.5
    """


@pytest.fixture
def write(tmp_path):
    def written(text):
        make(tmp_path, {"mine.py": textwrap.dedent(text)})
        return tmp_path / "mine.py"

    return written


def test_whole(write):
    detector, other = load_detector(write(LAZY)), load_detector("detectron2-fcos")
    for block in ("resize", "points", "match", "loss", "labels", "loader"):
        assert getattr(detector, block) == getattr(other, block)
    assert (detector.name, detector.classes.count) == ("mine", 3)
    assert detector.classes.stated_in == "mine.py, line 11"
    assert read_classes(write(LAZY)).count == 3


def test_other_values(write):
    assert load_detector(write(LAZY.replace("radius = 1.5", "radius = 2"))).match.radius == 2
    text = LAZY.replace("    model.num_classes = COUNT + 1\n", "")
    assert (load_detector(write(text)).classes.count, load_detector(write(text)).classes.by_default) == (
        80,
        True,
    )
    text = textwrap.dedent(text) + "dataloader.train.mapper.augmentations = []\n"
    assert "augmentations (line 12) is not read" in " ".join(load_detector(write(text)).notes)


def test_the_model_of_the_zoo(write):
    text = 'from detectron2 import model_zoo\nmodel = model_zoo.get_config("common/models/fcos.py").model\n'
    assert load_detector(write(text)).match == load_detector("detectron2-fcos").match


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("COUNT + 1", "len(NAMES)", ["line 11", "len(NAMES)", "not executed"]),
        ("COUNT + 1", "'many'", ["line 11", "num_classes is 'many'"]),
        ("COUNT + 1", "-1", ["line 11", "count is -1"]),
        ("radius = 1.5", "radius = -1", ["line 12", "radius is -1"]),
        (
            "model.backbone.bottom_up.freeze_at = 2",
            "model.head_in_features = ['p3']",
            ["line 10", "not replayed"],
        ),
        ("model.backbone.bottom_up.freeze_at = 2", "model.anchor_generator.strides = [4]", ["line 10"]),
        ("model.backbone.bottom_up.freeze_at = 2", "model.update(x=1)", ["line 10", "may change the model"]),
        ("optimizer.lr = 0.01", "if x: model.num_classes = 2", ["line 9", "may change the model"]),
        ("optimizer.lr = 0.01", "optimizer.lr = (", ["not valid Python"]),
    ],
)
def test_errors(write, old, new, words):
    assert old in LAZY
    with pytest.raises(AnchorauditError) as caught:
        load_detector(write(LAZY.replace(old, new)))
    assert caught.value.remedy
    for word in ("mine.py", *words):
        assert word in str(caught.value)
