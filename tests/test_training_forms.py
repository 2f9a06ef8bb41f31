"""Batches of every form: each is recognised as itself and nothing else, and read to the last bit."""

import json
from pathlib import Path
from types import SimpleNamespace as Plain

import numpy as np
import pytest

from anchoraudit import AnchorauditError, Chosen, audit, check
from anchoraudit.detectors import load_detector
from anchoraudit.training.as_fed import as_fed
from anchoraudit.training.passing import Reader
from anchoraudit.training.targets import (
    LIKELY,
    NO,
    UNLIKELY,
    _forms,
    form_of,
    forms_of,
    how_sure,
    target_names,
)
from anchoraudit.training.targets._flat import pixels_of_fractions
from tests.batches import MAKERS, Scene

GOLDEN = json.loads((Path(__file__).parent / "data" / "training_forms.json").read_text())
BOXES = [[10, 20, 60, 90], [60, 70, 110, 120], [3, 5, 40, 100]]
FIRST, SECOND = Scene(BOXES, [0, 1, 2]), Scene(BOXES[1:2], [4])
BLANK = Scene([], [])
SCENES = {
    "two images": [FIRST, SECOND],
    "a blank one first": [BLANK, FIRST],
    "a blank one last": [FIRST, SECOND, BLANK],
    "one image": [FIRST],
}
EMPTY = {"one blank image": [BLANK], "two blank images": [BLANK, BLANK]}


def levels(batch):
    return {form.NAME: level for form in _forms() if (level := form.recognises(batch)) > UNLIKELY}


def test_every_form_has_a_batch():
    assert {name for name, _ in MAKERS.values()} == set(target_names())


@pytest.mark.parametrize("scenes", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("maker", MAKERS)
def test_a_batch_is_recognised_as_its_own_form_and_no_other(maker, scenes):
    name, make = MAKERS[maker]
    batch = make(scenes)
    found = levels(batch)
    assert list(found) == [name]
    assert found[name] >= LIKELY
    fed = form_of(batch).read(batch)
    assert not fed.problems
    assert fed.sizes.tolist() == [[128, 128]] * len(scenes)
    np.testing.assert_allclose(fed.boxes, np.concatenate([s.corners for s in scenes]), rtol=0, atol=1e-4)
    assert fed.image.tolist() == [i for i, s in enumerate(scenes) for _ in s.boxes]
    if "kornia" not in name:
        first = 1 if name in ("torchvision", "effdet") else 0
        assert fed.labels.tolist() == [label + first for s in scenes for label in s.labels]


@pytest.mark.parametrize("scenes", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("maker", MAKERS)
def test_a_batch_without_a_box_is_read_and_the_next_one_decides(maker, scenes):
    name, make = MAKERS[maker]
    reader = Reader()
    fed = reader.read(make(scenes), 0)
    assert (len(fed), len(fed.boxes), list(fed.problems)) == (len(scenes), 0, [])
    assert len(reader.read(make([FIRST, SECOND]), 1).boxes) == 4
    assert reader.form_name == name
    _, able = forms_of(make(scenes))
    assert name in [form.NAME for form in able]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_form_that_is_known_takes_a_batch_with_boxes_far_outside(maker):
    """Of such a batch alone the form may be unknown, but a loop hands over all batches in one form."""
    name, make = MAKERS[maker]
    reader = Reader()
    reader.read(make([FIRST, SECOND]), 0)
    hostile = make([Scene([[-900, 20, 5000, 90], [50, 50, 20, 20]], [0, 1]), BLANK])
    assert reader.recognises(hostile)
    assert len(reader.read(hostile, 1).boxes) == 2
    assert how_sure(named_form(name), None) == NO


class TestAsking:
    def test_dicts_that_fit_two_orders(self):
        small = [[10, 20, 30, 40]]  # x2, y2, or width and height: inside the image both ways
        with pytest.raises(AnchorauditError, match="more than one possible form") as error:
            form_of(MAKERS["albumentations, pascal_voc"][1]([Scene(small, [1])]))
        assert "targets='albumentations-coco' or targets='albumentations-pascal-voc'" in error.value.remedy

    def test_dicts_with_a_box_that_fits_no_order(self):
        batch = MAKERS["albumentations, pascal_voc"][1]([Scene([[10, 20, 300, 400], [20, 10, 9, 8]], [1, 1])])
        assert levels(batch) == {}
        with pytest.raises(AnchorauditError, match="more than one possible form"):
            form_of(batch)

    def test_fractions_in_dicts_like_torchvisions(self):
        images, targets = MAKERS["torchvision, stacked"][1]([FIRST])
        targets[0]["boxes"] = targets[0]["boxes"] / 128
        with pytest.raises(AnchorauditError) as error:
            form_of((images, targets))
        assert "targets='detr' or targets='torchvision'" in error.value.remedy

    def test_rows_of_five_that_may_be_centres(self):
        images, (rows,) = MAKERS["ssd-pytorch"][1]([Scene([[10, 10, 100, 100]], [1])])
        rows[:, :4] = [0.3, 0.3, 0.5, 0.5]
        with pytest.raises(AnchorauditError, match="but others look the same") as error:
            form_of((images, [rows]))
        assert "targets='ssd-pytorch'" in error.value.remedy

    @pytest.mark.parametrize(
        "batch",
        [
            (np.zeros((2, 3, 64, 64)), np.zeros((2, 5, 5), np.float32)),  # YOLOX's or any other's
            (np.zeros((2, 3, 64, 64)), np.array([3, 4])),  # a classifier's
            {"pixel_values": np.zeros((2, 3, 64, 64)), "labels": np.array([3, 4])},
            {"img": np.zeros((2, 3, 64, 64)), "cls": np.array([3, 4])},
            [{"image": np.zeros((3, 64, 64)), "height": 64}],
            np.zeros((2, 3, 64, 64)),
            "batch",
            None,
        ],
    )
    def test_what_is_no_batch_of_boxes(self, batch):
        with pytest.raises(AnchorauditError, match="not recognised"):
            form_of(batch)


def problems(name, batch):
    return [(one.code, one.place, one.message) for one in named_form(name).read(batch).problems]


def named_form(name):
    return next(form for form in _forms() if name == form.NAME)


class TestProblems:
    def test_of_ultralytics(self):
        batch = MAKERS["ultralytics"][1]([FIRST, SECOND])
        shape = {**batch, "bboxes": np.zeros(0, np.float32)}
        assert problems("ultralytics", shape) == [
            ("BAT001", "batch['bboxes']", "boxes have the shape [0], not [0, 4]")
        ]
        fewer = {**batch, "cls": batch["cls"][:3]}
        assert problems("ultralytics", fewer) == [
            ("BAT002", "batch['cls']", "`cls` has 3 entries for 4 boxes")
        ]
        other = {**batch, "batch_idx": np.array([0, 0, 7, 1.0])}
        assert problems("ultralytics", other) == [
            ("BAT002", "batch['batch_idx']", "boxes of image 7, but the batch has 2 images, from 0")
        ]
        pixels = {**batch, "bboxes": batch["bboxes"] * 128}
        words = "boxes are in pixels, up to 95; the model takes fractions of the image's sides"
        assert problems("ultralytics", pixels) == [("BAT005", "batch['bboxes']", words)]
        assert [code for code, *_ in problems("ultralytics", {**batch, "cls": batch["cls"] - 1})] == [
            "BAT006"
        ]

    def test_of_yolov5(self):
        images, rows, *rest = MAKERS["yolov5"][1]([FIRST])
        assert form_of((images, np.zeros(0, np.float32), *rest)).NAME == "yolov5"
        assert problems("yolov5", (images, np.zeros(0, np.float32), *rest)) == [
            ("BAT001", "batch[1]", "targets have the shape [0], not [0, 6]")
        ]
        assert [code for code, *_ in problems("yolov5", (images, rows * 128, *rest))] == ["BAT005"]

    def test_of_detectron2(self):
        batch = MAKERS["detectron2"][1]([FIRST, SECOND, BLANK])
        del batch[1]["instances"], batch[2]["instances"].gt_boxes
        batch[0]["instances"].gt_classes = np.array([1])
        assert problems("detectron2", batch) == [
            ("BAT002", "batch[0]['instances'].gt_classes", "there are 1 labels for 3 boxes"),
            ("BAT001", "batch[1]", "the image has no `instances`"),
            ("BAT001", "batch[2]", "the image has no `gt_boxes`"),
        ]

    def test_of_mmdet(self):
        batch = MAKERS["mmdet"][1]([FIRST, SECOND])
        batch["data_samples"][0].gt_instances.bboxes = np.zeros((0, 5), np.float32)
        del batch["data_samples"][1].gt_instances.labels
        place = "data_samples[{}].gt_instances"
        assert problems("mmdet", batch) == [
            ("BAT001", f"{place}.bboxes".format(0), "boxes have the shape [0, 5], not [0, 4]"),
            ("BAT002", f"{place}.labels".format(0), "there are 3 labels for 0 boxes"),
            ("BAT002", f"{place}.labels".format(1), "there are no labels for 1 boxes"),
        ]

    @pytest.mark.parametrize("maker", MAKERS)
    def test_a_form_that_stops_the_model_is_an_outcome(self, maker):
        """As far as it was tried with the framework's own loss."""
        name, make = MAKERS[maker]
        batch, nothing = make([FIRST, SECOND]), np.zeros(0, np.float32)
        if name == "ultralytics":
            batch = {**batch, "bboxes": nothing}
        elif name == "yolov5":
            batch = (batch[0], nothing, *batch[2:])
        elif name in ("torchvision", "detr", "transformers"):
            pairs = isinstance(batch, list)
            dicts = batch["labels"] if name == "transformers" else [batch[0][1]] if pairs else batch[1]
            del dicts[0]["boxes"]
        else:
            return
        found = check([batch, make([FIRST])], "reference", targets=name, rules=Chosen(select=("BAT",)))
        assert found.outcomes.is_("raises").tolist() == [True, False]
        assert found.problems[0].startswith("batch 0 would stop the framework")

    def test_a_function_of_ones_own_stops_no_model(self):
        def own(batch):
            return [np.zeros((3, 99, 99))], [{"labels": []}]

        found = check([0], "reference", targets=own, rules=Chosen(select=("BAT",)))
        assert (found.outcomes.is_("raises").tolist(), found.audit.findings.counts) == (
            [False],
            {"BAT001": 1},
        )

    @pytest.mark.parametrize("name", ["detr", "transformers"])
    def test_an_empty_tensor_of_any_shape(self, name):
        batch = MAKERS[name][1]([FIRST, BLANK])
        (batch[1] if name == "detr" else batch["labels"])[1]["boxes"] = np.zeros(0, np.float32)
        assert problems(name, batch) == []

    @pytest.mark.parametrize("name", ["detr", "transformers"])
    def test_of_centres(self, name):
        batch = MAKERS[name][1]([FIRST, SECOND])
        dicts = batch[1] if name == "detr" else batch["labels"]
        dicts[0]["boxes"] = dicts[0]["boxes"] * 128
        del dicts[1]["boxes"]
        assert [code for code, *_ in problems(name, batch)] == ["BAT005", "BAT001"]


class TestExactly:
    @pytest.mark.parametrize("name", ["ultralytics", "transformers"])
    def test_pixels_are_those_of_the_loss(self, name):
        real = GOLDEN[name]
        fractions = np.array(real["fractions"], np.float32)
        assert pixels_of_fractions(fractions, *real["size"]).tolist() == real["pixels"]

    def test_positives_are_those_of_yolov5(self):
        real = GOLDEN["yolov5"]
        images = np.zeros((len(real["positives"]), 3, 640, 640), np.uint8)
        batch = (images, np.array(real["targets"], np.float32))
        rules = Chosen(select=("BAT",))
        found = check([batch], "yolov5", rules=rules)
        fed_to = as_fed(load_detector("yolov5"), resized=True)
        counted = audit(found.audit.dataset, fed_to, rules=rules, images="none", counts=True)
        boxes = counted.boxes_frame()
        names = counted.dataset.images.ids
        given = boxes.groupby("image_id")["assigned"].sum().reindex(names, fill_value=0)
        assert given.tolist() == real["positives"]

    def test_yolox_counts_rows_as_its_head_does(self):
        """A row that sums to 0 or less is not counted, and so the last one is left out."""
        batch = MAKERS["yolox"][1]([FIRST])
        batch[1][0, 0, 1] = -400
        assert named_form("yolox").read(batch).boxes[:, 2].tolist() == [-375, 110]

    def test_padding_of_a_masked_image_is_no_part_of_it(self):
        images, targets = MAKERS["detr"][1]([FIRST])
        images.mask[:, 100:] = True
        images.mask[:, :, 80:] = True
        del targets[0]["size"]
        fed = named_form("detr").read((images, targets))
        assert fed.sizes.tolist() == [[80, 100]]

    def test_boxes_of_images_in_any_order(self):
        batch = MAKERS["ultralytics"][1]([FIRST, SECOND])
        order = [3, 0, 2, 1]
        mixed = {key: batch[key][order] for key in ("bboxes", "cls", "batch_idx")}
        fed = named_form("ultralytics").read({**batch, **mixed})
        assert (fed.image.tolist(), fed.labels.tolist()) == ([0, 0, 0, 1], [0, 2, 1, 4])

    def test_padded_boxes_of_kornia(self):
        class Boxes:
            def to_tensor(self, mode):
                assert mode == "xyxy"
                return [np.array(BOXES, np.float32), np.zeros((0, 4), np.float32)]

        fed = form_of((np.zeros((2, 3, 128, 128)), Boxes())).read((np.zeros((2, 3, 128, 128)), Boxes()))
        assert (fed.boxes.tolist(), fed.image.tolist()) == (BOXES, [0, 0, 0])

    def test_a_ragged_tensor_of_tensorflow(self):
        values = MAKERS["keras, pair"][1]([FIRST, SECOND])

        def ragged(array):
            return Plain(to_tensor=lambda fill: array)

        batch = (values[0], {key: ragged(array) for key, array in values[1].items()})
        assert form_of(batch).read(batch).labels.tolist() == [0, 1, 2, 4]
