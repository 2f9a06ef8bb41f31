"""Detectors from the configurations of RT-DETR, D-FINE and DEIM, and what their loader makes of data."""

import json
import subprocess
import sys

import pytest

from anchoraudit.advice.compare import compare
from anchoraudit.auditing.audit import audit
from anchoraudit.classes.readers import read_classes
from anchoraudit.detectors import load_detector, override
from anchoraudit.detectors.well_known_classes import COCO_IDS
from anchoraudit.errors import AnchorauditError
from anchoraudit.loaders import load_as, settings_of
from tests.loader_cases import Box, Picture, data

MODEL = """
model: RTDETR
criterion: RTDETRCriterionv2
eval_spatial_size: [640, 640] # h w
RTDETR: {backbone: PResNet, decoder: RTDETRTransformerv2}
RTDETRTransformerv2: {num_queries: 300, num_denoising: 100}
RTDETRCriterionv2: {matcher: {type: HungarianMatcher}}
"""
PIPELINE = """
train_dataloader:
  dataset:
    type: CocoDetection
    transforms:
      ops:
        - {type: RandomZoomOut, fill: 0}
        - {type: SanitizeBoundingBoxes, min_size: 1}
        - {type: Resize, size: [640, 640], }
        - {type: SanitizeBoundingBoxes, min_size: 1}
  collate_fn: {type: BatchImageCollateFunction, scales: [480, 640, 800]}
"""
STEPS = "train_dataloader: {{dataset: {{transforms: {{ops: [{}]}}}}}}\n"
BEFORE, AFTER = ("{type: SanitizeBoundingBoxes}",) * 2


def steps(*ops):
    return STEPS.format(", ".join(ops))


@pytest.fixture
def write(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return make


@pytest.fixture
def own(write):
    """Write a file that includes a model and a pipeline, as those of the frameworks do."""

    def make(text, model=MODEL, pipeline=PIPELINE):
        write("include/model.yml", model)
        write("include/pipeline.yml", pipeline)
        return write("mine.yml", f"__include__: ['include/pipeline.yml', './include/model.yml', ]\n{text}")

    return make


def refused(path, **options):
    with pytest.raises(AnchorauditError) as error:
        load_detector(path, **options)
    assert error.value.remedy
    return str(error.value)


def test_a_file_like_the_framework_s_own(own):
    found, preset = load_detector(own("num_classes: 4\n")), load_detector("rt-detr")
    for block in ("match", "resize", "labels", "loss", "loader", "class_rules", "framework"):
        assert getattr(found, block) == getattr(preset, block), block
    assert (found.name, found.classes.count, found.classes.stated_in) == ("mine", 4, "mine.yml, line 2")
    assert found.notes == (
        "Denoising queries, which are added in training, are not counted.",
        "Trained with RandomZoomOut; the replay stretches whole images to 640x640.",
        "Training draws the side of each batch, 480 to 800 px; the replay does not.",
    )


@pytest.mark.parametrize(
    ("decoder", "criterion", "preset", "framework"),
    [
        ("RTDETRTransformer", "SetCriterion", "rt-detr", "RT-DETR 068dfde6 (rtdetr_pytorch)"),
        ("RTDETRTransformerv2", "RTDETRCriterion", "rt-detr", "RT-DETR 068dfde6 (rtdetrv2_pytorch)"),
        ("DFINETransformer", "DFINECriterion", "d-fine", "Peterande/D-FINE 4a1f73a8"),
        ("RTDETRTransformerv2", "DEIMCriterion", "d-fine", "ShihuaHuang95/DEIM a9aa4adc"),
        ("DEIMTransformer", "DEIMCriterion", "d-fine", "Intellindust-AI-Lab/DEIMv2 0fff8d4d"),
        ("DFINETransformer", "RTv4Criterion", "d-fine", "RT-DETRs/RT-DETRv4 df441226"),
    ],
)
def test_the_criterion_decides_what_odd_boxes_do(write, decoder, criterion, preset, framework):
    path = write("a.yml", f"num_classes: 3\nmodel: M\ncriterion: {criterion}\nM: {{decoder: {decoder}}}\n")
    found = load_detector(path)
    assert (found.labels, found.framework) == (load_detector(preset).labels, framework)
    assert (found.match.queries, str(found.resize)) == (300, "640x640")


def test_what_comes_later_counts_and_blocks_are_merged(own, write):
    write("other.yml", "RTDETRTransformerv2: {num_queries: 50}\nnum_classes: 2\n")
    path = own("RTDETRTransformerv2: {num_denoising: 0}\n")
    text = path.read_text().replace("yml', ]", "yml', 'other.yml']")
    found = load_detector(write("mine.yml", text))
    assert (found.match.queries, found.classes.count) == (50, 2)
    assert not any("Denoising" in note for note in found.notes)
    assert load_detector(own("num_queries: 9\n")).match.queries == 300  # not where the decoder looks


def test_the_number_of_classes_at_the_top_is_shared(own):
    inner = "RTDETRTransformerv2: {num_classes: 9}\n"
    assert load_detector(own(f"num_classes: 5\n{inner}")).classes.count == 5
    assert load_detector(own(inner)).classes.count == 9
    assert read_classes(own(inner)).count == 9
    default = load_detector(own("")).classes
    assert (default.count, default.by_default) == (80, True)


def test_ids_of_ms_coco(own):
    found = load_detector(own("num_classes: 80\nremap_mscoco_category: True\n"))
    assert (found.class_rules, found.classes.ids) == ("rt-detr-mscoco", COCO_IDS)
    assert load_detector(own("remap_mscoco_category: False\n")).class_rules == "rt-detr"


def test_a_decoder_that_stands_in_the_model(own):
    found = load_detector(own("RTDETR: {decoder: {type: DFINETransformer, num_queries: 12}}\n"))
    assert found.match.queries == 12


def test_size_and_least_side(own):
    ops = ("{type: SanitizeBoundingBoxes, min_size: 12}", "{type: Resize, size: [320, 416]}")
    found = load_detector(own(steps(*ops, ops[0])))
    assert (found.resize.height, found.resize.width) == (320, 416)
    assert (found.labels.least_side, found.labels.limits_by) == (12, "loader")
    assert settings_of("rt-detr", found) == (416, 320, 12)
    assert settings_of("rt-detr", load_detector("d-fine")) == (640, 640, 1)
    # 12 px in the image of 832x320, and 12 in the input of half the width.
    boxes = (Box(10, 10, 34, 22), Box(10, 10, 33.9, 22), Box(10, 10, 34, 21.9), Box(10, 10, 30, 30))
    dataset = data(*boxes, images=(Picture(832, 320),))
    assert load_as(dataset, "rt-detr", detector=found).dropped_boxes == {
        "a side below 12 pixels": 1,
        "a side below 12 pixels at 416x320": 2,
    }
    assert load_as(dataset, "rt-detr").dropped_boxes == {}
    assert audit(dataset, found).summary()["matched"] == 1
    first, second = compare(dataset, [found, load_detector("d-fine")])
    assert (first.statuses["matched"], second.statuses["matched"]) == (1, 4)


def test_the_edge_is_that_of_the_detector_s_input():
    """600 * float32(640 / 600) is more than 640; of 512 and 1280 torch rounds to no more than them."""
    dataset = data(Box(500, 5, 600, 50), images=(Picture(600, 600),))
    rt_detr = load_detector("rt-detr")
    assert load_as(dataset, "rt-detr", detector=rt_detr).boxes.tolist() == []
    for size, kept in (("512x512", [0]), ("800x800", [0]), ("1280x1280", [])):
        loaded = load_as(dataset, "rt-detr", detector=override(rt_detr, input_size=size))
        assert loaded.boxes.tolist() == kept, size


def test_without_a_pipeline_the_size_is_that_of_evaluation(write):
    model = MODEL.replace("[640, 640]", "[384, 512]")
    found = load_detector(write("model.yml", model))
    assert str(found.resize) == "512x384"
    assert found.notes[-1].startswith("No training pipeline in the file; replayed at the size at which it")
    found = load_detector(write("model.yml", MODEL.replace("eval_spatial_size", "other")))
    assert str(found.resize) == "640x640"
    assert found.notes[-1].startswith("Neither a training pipeline nor eval_spatial_size")


def test_sides_that_are_drawn(own):
    def said(text, model=MODEL):
        found = load_detector(own(text, model, PIPELINE.replace(", scales: [480, 640, 800]", "")))
        return [note for note in found.notes if "each batch" in note]

    batch = "train_dataloader: {{collate_fn: {}}}\n"
    assert said("") == said(batch.format("{base_size: 640, base_size_repeat: ~}")) == []
    (drawn,) = said(batch.format("{base_size: 416, base_size_repeat: 3}"))
    assert "288 to 512 px" in drawn  # as generate_scales of D-FINE
    (drawn,) = said("RTDETR: {multi_scale: [480, 512, 800]}\n")
    assert "480 to 800 px" in drawn


def test_images_that_are_mixed(own):
    found = load_detector(own("train_dataloader: {collate_fn: {mixup_prob: 0.5, copyblend_prob: 0.0}}\n"))
    assert found.notes[-1].startswith("MixUp puts boxes of several images into one")


def test_an_evaluation_that_fails(own):
    other = "val_dataloader: {dataset: {transforms: {ops: [{type: Resize, size: [512, 512]}]}}}\n"
    said = "eval_spatial_size is [640, 640], but val_dataloader resizes to [512, 512]"
    assert load_detector(own(other)).notes[-1].startswith(said)
    assert not any("eval" in note for note in load_detector(own(other + "eval_spatial_size: ~\n")).notes)


RESIZE = "{type: Resize, size: [640, 640]}"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("RTDETRTransformerv2: {num_queries: 0}", "mine.yml, line 2", "queries"),
        ("RTDETRTransformerv2: {num_queries: many}", "mine.yml, line 2", "num_queries is 'many'"),
        ("RTDETRTransformerv2: {num_queries: !!python/name:os.system }", "mine.yml, line 2", "not executed"),
        ("num_classes: -1", "mine.yml, line 2", "count is -1"),
        ("remap_mscoco_category: maybe", "mine.yml, line 2", "remap_mscoco_category is 'maybe'"),
        ("RTDETR: {decoder: MyDecoder}", "mine.yml, line 2", "decoder 'MyDecoder' is not replayed"),
        ("RTDETR: {decoder: ~}", "mine.yml, line 2", "without a decoder"),
        ("model: {a: 1}", "mine.yml, line 2", "not the name of a block"),
        ("criterion: MyCriterion", "mine.yml, line 2", "criterion 'MyCriterion' is not replayed"),
        ("RTDETRCriterionv2: {matcher: {type: Mine}}", "mine.yml, line 2", "matcher 'Mine' is not replayed"),
        ("train_dataloader: {dataset: {type: CIFAR10}}", "mine.yml, line 2", "data set class 'CIFAR10'"),
        (
            steps(BEFORE, "{type: Resize, size: 639, max_size: 640}", AFTER),
            "line 2",
            "size is 639; replayed is",
        ),
        (steps(BEFORE, "{type: Resize, size: [640]}", AFTER), "mine.yml, line 2", "size is [640]; replayed"),
        (steps(BEFORE, "{type: Resize, size: [0, 640]}", AFTER), "mine.yml, line 2", "1 to 100000 px"),
        (steps(BEFORE, "{type: Resize}", AFTER), "mine.yml, line 2", "size is missing"),
        (steps(BEFORE, AFTER), "mine.yml, line 2", "no step Resize"),
        (steps(BEFORE, RESIZE, RESIZE, AFTER), "mine.yml, line 2", "2 steps Resize"),
        (steps(BEFORE, RESIZE, "{type: PadToSize, size: 640}", AFTER), "mine.yml, line 2", "PadToSize"),
        (steps(RESIZE, AFTER), "mine.yml, line 2", "no SanitizeBoundingBoxes before Resize"),
        (steps(BEFORE, RESIZE), "mine.yml, line 2", "no SanitizeBoundingBoxes after Resize"),
        (steps(BEFORE, RESIZE, "{type: SanitizeBoundingBoxes, min_size: 2}"), "line 2", "min_size of Sani"),
        (steps("{type: SanitizeBoundingBoxes, min_size: 0.5}", RESIZE, AFTER), "line 2", "min_size is 0.5"),
        (steps("{type: SanitizeBoundingBoxes, min_area: 9}", RESIZE, AFTER), "line 2", "min_area"),
        (steps("Resize"), "mine.yml, line 2", "has 'Resize'"),
        ("train_dataloader: {dataset: {transforms: {ops: 3}}}", "mine.yml, line 2", "not a list"),
        ("train_dataloader: 3", "mine.yml, line 2", "not a mapping"),
        ("eval_spatial_size: [640, 640, 3]\ntrain_dataloader: ~", "mine.yml, line 2", "eval_spatial_size is"),
    ],
)
def test_what_cannot_be_replayed_is_an_error(own, text, place, words):
    said = refused(own(f"{text}\n"))
    assert place in said
    assert words in said


def test_classes_of_one_s_own_may_be_assumed(own):
    text = "RTDETR: {decoder: Mine}\nMine: {num_queries: 20}\ncriterion: MyCriterion\n"
    found = load_detector(own(text), assume_standard=True)
    assert (found.match.queries, found.labels) == (20, load_detector("rt-detr").labels)
    assert "assumed" in found.name
    assert "Mine has num_queries queries" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("__include__: [mine.yml]\n", "leads back"),
        ("__include__: [a.yml]\n", "leads back"),
        ("__include__: [absent.yml]\n", "'absent.yml' is missing"),
        ("__include__: a.yml\n", "not a list"),
        ("__include__: [[a]]\n", "a list or a mapping"),
        ("__include__: [3]\n", "has 3, not the path"),
        ("__include__: ['~nobody-here/a.yml']\n", "is missing"),
        (f"__include__: [{', '.join(['b.yml'] * 201)}]\n", "more than 200 files"),
        ("num_classes: 3\n", "no model"),
    ],
)
def test_includes_that_lead_nowhere(write, text, words):
    write("a.yml", "__include__: [mine.yml]\n")
    write("b.yml", "x: 1\n")
    assert words in refused(write("mine.yml", text))


def test_a_data_set_of_pascal_voc(own):
    found = load_detector(own("train_dataloader: {dataset: {type: VOCDetection}}\nnum_classes: 20\n"))
    assert (found.loader, found.class_rules, found.classes.count) == ("", "", 20)
    assert any("The loader of VOCDetection is not replayed" in note for note in found.notes)


def test_on_the_command_line(own, write, tmp_path):
    config = own(
        f"{steps(BEFORE, '{type: Resize, size: [320, 320]}', AFTER)}RTDETRTransformerv2: {{num_queries: 1}}\n"
    )
    boxes = [[5, 5, 20, 20], [30, 30, 20, 20], [60, 60, 1.5, 20]]
    write(
        "data.json",
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 640}],
                "annotations": [
                    {"id": i, "image_id": 1, "category_id": 1, "bbox": box, "area": 9, "iscrowd": 0}
                    for i, box in enumerate(boxes, 1)
                ],
                "categories": [{"id": 1, "name": "thing"}],
            }
        ),
    )
    command = [sys.executable, "-m", "anchoraudit", "scan", "data.json", "--detector", str(config), "-v"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    text = " ".join(done.stdout.split())
    assert done.returncode in (0, 1), done.stderr
    assert "a side below 1 pixel at 320x320" in text
    assert "ANC017" in text
