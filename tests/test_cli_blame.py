"""`anchoraudit blame`: the images of a step, what explains a NaN or an error, and options that do not fit."""

import json
import math

import msgspec
import numpy as np
import pytest

from anchoraudit import audit, load_detector, read
from anchoraudit.advice.blame import blame
from anchoraudit.detectors.spec import Loss
from tests.builders import annotation, document, image, make, run
from tests.conftest import SAMPLE
from tests.test_docs import DOCS, sections, words_in

COCO = SAMPLE / "coco"
TORCH = ("--sampler", "torch-generator", "--seed", "0")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nine(here):
    """A COCO file of nine images, each with a box, three of them higher than wide."""
    images = [image(i, file_name=f"{i}.jpg", width=480 + 320 * (i % 3 > 0), height=640) for i in range(9)]
    notes = [annotation(i, i, [100, 100, 74, 149], area=74 * 149) for i in range(9)]
    return make(here, {"nine.json": document(images, notes)}) / "nine.json"


@pytest.fixture
def said(capsys):
    def call(*args, code=0):
        capsys.readouterr()
        assert run("blame", *args) == code, capsys.readouterr().err
        return capsys.readouterr()

    return call


@pytest.fixture
def answer(said):
    def call(*args, code=0):
        return json.loads(said(*args, "--output-format", "json", code=code).out)

    return call


def names(step):
    return [image["file_name"] for image in step["images"]]


class TestBatches:
    def test_a_step(self, answer):
        """The order of 19 images after seed 0: torch.randperm, and the base seed before it."""
        found = answer("--dataset", COCO, *TORCH, "--batch-size", 2, "--step", 3, code=1)
        (step,) = found["steps"]
        assert (step["step"], step["epoch"], step["step_of_epoch"]) == (3, 0, 3)
        assert names(step) == ["nose_to_lens.jpg", "ears_cut_off.jpg"]
        assert [image["cause"] for image in step["images"]] == ["large", "edge"]
        assert (found["images"], found["steps_of_epoch"]) == (19, 10)
        assert found["run"] == {"seed": "0", "batch size": "2"}

    def test_several_steps_and_epochs(self, answer):
        run = ("--dataset", COCO, *TORCH, "--batch-size", 8)
        several = answer(*run, "--steps", "2-4")["steps"]
        assert [(s["step"], s["epoch"], s["step_of_epoch"]) for s in several] == [
            (2, 0, 2),
            (3, 1, 0),
            (4, 1, 1),
        ]
        single = answer(
            *run, "--step", 1, "--epoch", 1, "--epochs", 2, code=int(bool(several[2]["explains"]))
        )
        assert single["steps"][0] == several[2]
        assert len(several[0]["images"]) == 3  # 19 = 8 + 8 + 3

    def test_the_sampler_of_the_framework(self, answer):
        found = answer("--dataset", COCO, "--detector", "yolo11", "--batch-size", 4, "--step", 0)
        assert (found["sampler"], found["loader"]) == ("ultralytics", "ultralytics")
        assert found["assumed"][0].startswith("Sampler ultralytics, as yolo11 is of its framework")

    def test_the_last_scan_names_data_set_and_detector(self, answer, nine):
        assert run("scan", nine, "--detector", "detectron2-retinanet", "--exit-zero", "-q") == 0
        found = answer("--batch-size", 2, "--step", 1)
        assert (found["detector"], found["sampler"]) == ("detectron2-retinanet", "detectron2")
        assert found["steps_of_epoch"] is None
        assert found["run"]["seed"] == "-1"  # cfg.SEED of its base configuration

    def test_a_setting_of_one_sampler(self, answer, nine):
        run = ("--dataset", nine, "--detector", "detectron2-retinanet", "--batch-size", 2, "--step", 1)
        grouped = answer(*run)
        plain = answer(*run, "--set", "grouping=no")
        assert names(plain["steps"][0]) != names(grouped["steps"][0])
        assert plain["run"]["grouping"] == "no"

    def test_a_process_of_several(self, answer, nine):
        run = ("--dataset", nine, "--detector", "mmdet-atss", "--seed", 1, "--batch-size", 2, "--step", 0)
        both = [names(answer(*run, "--world-size", 2, "--rank", rank)["steps"][0]) for rank in (0, 1)]
        assert len({*both[0], *both[1]}) == 4


def coco_of(here, images, notes):
    return read(make(here, {"a.json": document(images, notes)}) / "a.json")


class TestExplained:
    """What explains a NaN or an error, on literal batches."""

    TINY = (100, 100, 3, 3)
    FITS = (400, 360, 74, 149)  # an anchor of the reference, where one lies

    def blamed(self, here, boxes, detector, rows=None, **more):
        images = [image(i, file_name=f"{i}.jpg") for i in range(len(boxes))]
        pairs = [(i, box) for i, own in enumerate(boxes) for box in own]
        notes = [annotation(k, i, list(box)) for k, (i, box) in enumerate(pairs)]
        result = audit(coco_of(here, images, notes), detector, **more)
        return blame(result, range(len(boxes)) if rows is None else rows)

    def test_a_batch_without_foreground(self, here):
        found = self.blamed(here, [[self.TINY], []], "reference")
        assert [i.verdict for i in found.images] == ["empty_foreground", "blank"]
        assert found.explains == (
            "No image of this batch has foreground, and the loss divides by the positives of the batch: "
            "0/0 = NaN",
        )
        assert found.loss.startswith("0 of 2 images have foreground; with this detector, a batch without")

    def test_one_image_with_foreground_is_enough(self, here):
        found = self.blamed(here, [[self.TINY], [self.FITS]], "reference")
        assert [i.verdict for i in found.images] == ["empty_foreground", "ok"]
        assert found.explains == ()
        assert found.loss.startswith("1 of 2 images have foreground")

    def test_a_loss_that_divides_by_each_image(self, here):
        loss = Loss(normaliser="image_positives")
        detector = msgspec.structs.replace(load_detector("reference"), loss=loss)
        found = self.blamed(here, [[self.TINY], [self.FITS], []], detector, rows=[0, 1, 2, 0])
        assert found.explains == (
            "0.jpg: no foreground, and the loss divides by its positives: 0/0 = NaN",
            "2.jpg: no foreground, and the loss divides by its positives: 0/0 = NaN",
        )
        assert len(found.images) == 4

    def test_a_guarded_loss(self, here):
        assert self.blamed(here, [[], []], "torchvision-retinanet_resnet50_fpn").explains == ()

    def test_a_box_at_which_the_model_raises(self, here):
        boxes = [[(10, 10, 0, 5), (10, 10, 5, 0), self.FITS], [self.FITS]]
        found = self.blamed(here, boxes, "torchvision-retinanet_resnet50_fpn", rows=[0, 1, 0])
        (explained,) = found.explains
        assert explained.startswith("0.jpg: box 0 (10, 10, 10, 15): a box without width or height makes ")
        assert explained.endswith("(and 1 more such box)")
        assert [(b.kind, b.stops, b.image) for b in found.odd] == [("without area", True, 0)] * 2
        assert found.odd[0].xyxy == (10, 10, 10, 15)

    def test_odd_boxes_that_do_no_harm(self, here):
        inverted = [[(50, 50, -9, 5), self.FITS]]
        found = self.blamed(here, inverted, "reference", loader="none")
        assert [(box.kind, box.does, box.stops) for box in found.odd] == [
            ("inverted", "not usable: without area", False)
        ]
        assert found.explains == ()
        found = self.blamed(here, [[(50, 50, 0, 5), self.FITS]], "mmdet-atss")
        assert found.odd[0].does.startswith("loader mmdet-coco drops it: ")

    def test_a_box_that_is_not_finite(self, here):
        found = self.blamed(here, [[(math.nan, 1, 5, 5), self.FITS]], "torchvision-retinanet_resnet50_fpn")
        assert [(box.kind, box.stops) for box in found.odd] == [("not finite", True)]
        assert found.odd[0].does == found.explains[0].removeprefix("0.jpg: box 0 (nan, 1, nan, 6): ")

    def test_an_image_at_which_the_loader_raises(self, here):
        images = [{"id": 0, "width": 640, "height": 480}, image(1)]
        dataset = coco_of(here, images, [annotation(1, 0, list(self.FITS)), annotation(2, 1)])
        (explained,) = blame(audit(dataset, "detectron2-retinanet"), [0, 1]).explains
        assert "loader detectron2 raises: KeyError: 'file_name'" in explained

    def test_an_image_of_unknown_size(self, here):
        images = [{"id": 0, "file_name": "x.jpg"}, image(1)]
        dataset = coco_of(here, images, [annotation(1, 0), annotation(2, 1)])
        found = blame(audit(dataset, "reference"), [0])
        assert found.images[0].verdict == "unknown"
        assert np.isnan(found.images[0].width)
        assert found.explains == ()  # nobody knows whether it has foreground


class TestText:
    def test_what_explains_it_and_what_to_do(self, said):
        text = said(
            "--dataset", COCO, "--detector", "reference", *TORCH, "--batch-size", 2, "--step", 3, code=1
        ).out
        assert "Step 3, epoch 0, step 3 of it (all counted from 0)" in text
        assert "nose_to_lens.jpg" in text
        assert f"anchoraudit explain 11 {COCO} --detector reference" in " ".join(text.split())
        assert "Split train is taken to be the one that is trained on" in text
        assert "What cannot be known" in text

    def test_nothing_explains_it(self, said):
        run = ("--dataset", COCO, "--detector", "torchvision-retinanet_resnet50_fpn", "--seed", 0)
        text = said(*run, "--batch-size", 2, "--step", 3).out
        assert "Nothing in this batch explains a NaN or an error." in text
        assert "--seed 0 --batch-size 2 --steps 0-4" in " ".join(text.replace("\\", "").split())

    def test_odd_boxes(self, said):
        run = ("--dataset", COCO, "--detector", "torchvision-retinanet_resnet50_fpn", "--seed", 0)
        text = said(*run, "--batch-size", 2, "--step", 4, code=1).out
        assert "500, 180, 500, 210" in text
        assert "without area" in text

    def test_the_command_for_more_steps_works(self, said, capsys, nine):
        run_of = ("--dataset", nine, "--detector", "mmdet-atss", "--seed", 1, "--batch-size", 2)
        text = said(
            *run_of, "--step", 6, "--world-size", 2, "--rank", 1, "--drop-last", "--set", "shuffle=yes"
        ).out
        (line,) = [line for line in text.splitlines() if line.strip().startswith("anchoraudit blame")]
        words = line.split()[1:]
        assert "--rank" in words and "--drop-last" in words
        assert run(*words) in (0, 1), capsys.readouterr().err

    def test_nobody_named_the_detector(self, said):
        text = said("--dataset", COCO, *TORCH, "--batch-size", 2, "--step", 3, code=1).out
        assert text.startswith("No --detector given: judged by reference")


class TestRefused:
    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (["--batch-size", 2], "give the step at which the run died"),
            (["--batch-size", 2, "--step", 1, "--steps", "1-2"], "give the step at which the run died"),
            (["--step", 1], "give the batch size of the run"),
            (["--batch-size", 2, "--steps", "4-3"], "'4-3' are no steps"),
            (["--batch-size", 2, "--steps", "four"], "'four' are no steps"),
            (["--batch-size", 2, "--steps", "0-10000001"], "'0-10000001' are no steps"),
            (["--batch-size", 2, "--steps", "0-100"], "101 steps are too many"),
            (["--batch-size", 2, "--step", 1, "--rank", 1], "there is no process 1 of 1"),
            (
                ["--batch-size", 2, "--step", 1, "--set", "close=1"],
                "sampler torch-generator has no setting 'close'",
            ),
            (["--batch-size", 2, "--step", 1, "--world-size", 2], "torch-generator takes no --world-size"),
            (
                ["--batch-size", 2, "--step", 20, "--epochs", 2],
                "step 20 is beyond the run: 2 epochs end at step 19",
            ),
            (["--batch-size", 2, "--step", 10, "--epoch", 0], "epoch 0 has no step 10"),
        ],
    )
    def test_with_its_reason(self, said, args, words):
        assert words in said("--dataset", COCO, *TORCH, *args, code=2).err

    def test_a_setting_where_there_is_none(self, said):
        args = ("--dataset", COCO, "--sampler", "sequential", "--batch-size", 2, "--step", 1, "--set", "a=1")
        assert "It has none: omit --set." in said(*args, code=2).err

    def test_a_framework_whose_order_is_unknown(self, said):
        error = said("--dataset", COCO, "--detector", "yolox", "--batch-size", 2, "--step", 1, code=2).err
        assert "in which order the framework of yolox hands out images is unknown" in error
        assert "torch-global" in error

    def test_no_detector(self, said):
        args = ("--dataset", COCO, "--detector", "none", *TORCH, "--batch-size", 2, "--step", 1)
        assert "none" in said(*args, code=2).err

    def test_a_needed_seed(self, said):
        args = ("--dataset", COCO, "--detector", "mmdet-atss", "--batch-size", 2, "--step", 1)
        assert "sampler mmdet needs the seed of the run" in said(*args, code=2).err


def test_keys_are_those_of_the_page(answer):
    rows = sections(DOCS / "blame.md")["As JSON"]
    found = answer(
        *("--dataset", COCO, "--detector", "torchvision-retinanet_resnet50_fpn", "--seed", 0),
        *("--batch-size", 2, "--step", 4),
        code=1,
    )
    (step,) = found["steps"]
    keys = {*found, *step, *step["images"][0], *step["odd_boxes"][0]}
    assert keys <= words_in(rows)
