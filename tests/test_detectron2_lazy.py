"""Lazy configs of detectron2's FCOS: parsed, never executed."""

import json
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


# Whether images without annotations train

CALL = "L(build_detection_train_loader)(dataset=L(get_detection_dataset_dicts)({}), num_workers=4)"


@pytest.mark.parametrize(
    ("lines", "blank"),
    [
        ("", ""),
        ("dataloader.train.dataset.filter_empty = False", "kept"),
        ("dataloader['train'].dataset[\"filter_empty\"] = False", "kept"),
        ("KEEP = False\ndataloader.train.dataset.filter_empty = KEEP", "kept"),
        ("dataloader.train.dataset.filter_empty = True", "dropped"),
        ("dataloader.test.dataset.filter_empty = False", ""),
        ("dataloader.train.dataset.names = 'mine'", ""),
        ("dataloader.train.dataset = L(get_detection_dataset_dicts)(names='a', filter_empty=False)", "kept"),
        ("dataloader.train.dataset = LazyCall(data.get_detection_dataset_dicts)('a', False)", "kept"),
        (f"dataloader.train = {CALL.format('names=[1], filter_empty=False')}", "kept"),
        (f"dataloader = dict(train={CALL.format('filter_empty=False')})", "kept"),
        (f"dataloader = OmegaConf.create({{'train': {CALL.format('filter_empty=False')}}})", "kept"),
        ("dataloader.train.dataset.filter_empty = False\ndataloader = deepcopy(dataloader)", "kept"),
        # What comes later counts.
        (
            "dataloader.train.dataset.filter_empty = False\n"
            "dataloader.train.dataset = L(get_detection_dataset_dicts)(names='a')",
            "",
        ),
        (
            "dataloader.train.dataset.filter_empty = False\n"
            "dataloader = model_zoo.get_config('common/data/coco.py').dataloader",
            "",
        ),
    ],
)
def test_images_without_annotations(write, lines, blank):
    detector = load_detector(write(textwrap.dedent(LAZY) + lines))
    assert detector.loading.blank == blank
    assert "filter_empty" not in " ".join(detector.notes)


@pytest.mark.parametrize(
    "lines",
    [
        "from .data import dataloader",
        "dataloader.train.dataset.update(filter_empty=False)",
        "if x: dataloader.train.dataset.filter_empty = False",
        "dataloader.train.dataset = L(my_dicts)(names='a', filter_empty=False)",
        "dataloader.train.dataset = L(get_detection_dataset_dicts)(**given)",
        "dataloader = mine()",
    ],
)
def test_what_is_not_read_of_the_data_loader_is_a_note(write, lines):
    detector = load_detector(write(textwrap.dedent(LAZY) + lines))
    assert detector.loading.blank == ""
    (note,) = [note for note in detector.notes if "filter_empty" in note]
    assert "(line 13) is not read" in note


def test_a_value_that_does_not_follow_from_the_text(write):
    with pytest.raises(AnchorauditError, match="filter_empty") as caught:
        load_detector(write(textwrap.dedent(LAZY) + "dataloader.train.dataset.filter_empty = keep()"))
    assert "line 13" in str(caught.value)


@pytest.mark.parametrize(("value", "verdict"), [("True", "left_out"), ("False", "blank")])
def test_a_scan_keeps_them_as_the_run_does(tmp_path, anchoraudit, value, verdict):
    coco = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 640, "height": 480} for i in (1, 2)],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 9, 99, 99], "area": 1, "iscrowd": 0}
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    text = textwrap.dedent(LAZY) + f"dataloader.train.dataset.filter_empty = {value}\n"
    make(tmp_path, {"mine.py": text.replace("COUNT + 1", "1"), "a.json": coco})
    done = anchoraudit(
        "scan", tmp_path / "a.json", "--detector", tmp_path / "mine.py", "--output-format", "json",
        "--exit-zero",
    )  # fmt: skip
    verdicts = json.loads(done.stdout)["summary"]["verdicts"]
    assert verdicts[verdict] == 1, verdicts
