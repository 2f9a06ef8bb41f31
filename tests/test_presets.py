"""The presets: each loads, cites its framework, and has that framework's shapes.

What the framework has stands in tests/preset_cases/, a file for each preset, read framework by framework:

can_end_empty: whether an image with a usable box can end without a positive anchor.
outcome: what a batch or an image without a positive anchor does to the box loss.
shapes_per_cell: level by level. first_centre: 0, or half a stride.
strides: of a detector with points, in place of the shapes; its first_centre is that of the points.
queries: of a detector with neither.
levels: of some levels the shapes in the order within a cell, at least the first ones.
loader: the framework's own loader for data of each format. "": it has none.
loading: where the framework's own configuration of this detector differs from its base configuration.
labels: what the model did with an odd box beside a good one, and with class ids; "trains" if that is unknown.
errors: a part of the framework's own message.
"""

import tomllib
from pathlib import Path

import msgspec
import pytest

from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.labels import RULES

NAMES = preset_names()
CASES = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "preset_cases").glob("*.toml"))
}
SHAPES = [(name, level) for name, case in CASES.items() for level in case.get("levels", ())]


@pytest.mark.parametrize("name", NAMES)
class TestEveryPreset:
    def test_named_as_its_file(self, name):
        assert load_detector(name).name == name

    def test_says_where_its_rules_were_read(self, name):
        detector = load_detector(name)
        assert detector.framework
        assert detector.sources

    def test_can_end_empty_as_the_framework_can(self, name):
        assert load_detector(name).can_end_empty == CASES[name]["can_end_empty"]

    def test_empty_mask_does_what_it_does_there(self, name):
        assert load_detector(name).loss.outcome == CASES[name]["outcome"]

    def test_shapes_per_cell(self, name):
        counts = [level.count for level in load_detector(name).anchors.levels]
        assert counts == CASES[name].get("shapes_per_cell", [])

    def test_strides_of_points(self, name):
        assert list(load_detector(name).points.strides) == CASES[name].get("strides", [])

    def test_queries(self, name):
        assert load_detector(name).match.queries == CASES[name].get("queries", 0)

    def test_offset_is_0_or_half_a_stride(self, name):
        detector, case = load_detector(name), CASES[name]
        if "queries" in case:
            assert "first_centre" not in case
            return
        half = {"0": 0.0, "half a stride": 0.5}[case["first_centre"]]
        for level in detector.anchors.levels:
            assert level.offset == half * level.stride
        if "strides" in case:
            assert detector.points.offset == half

    def test_loader_for_each_format(self, name):
        detector = load_detector(name)
        for format, loader in CASES[name]["loader"].items():
            assert (detector.loader_for(format) or "") == loader

    def test_what_its_configuration_leaves_out(self, name):
        stated = msgspec.to_builtins(load_detector(name).loading)
        assert stated == CASES[name].get("loading", {})

    def test_odd_boxes_and_class_ids(self, name):
        labels, wanted = load_detector(name).labels, dict(CASES[name]["labels"])
        assert labels.most_labels == wanted.pop("most_labels")
        assert labels.outcome("most_labels") == wanted.pop("beyond", "trains")
        for limit in ("least_side", "greatest_aspect"):
            if limit in wanted:
                assert getattr(labels, limit) == wanted.pop(limit)
                assert labels.outcome(limit) == "dropped"
        assert {rule: labels.outcome(rule) for rule in wanted} == wanted

    def test_errors_are_the_framework_s_own(self, name):
        labels, wanted = load_detector(name).labels, CASES[name].get("errors", {})
        for rule, part in wanted.items():
            assert part in labels.error(rule)
        said = {rule for rule in RULES if labels.error(rule)}
        assert said - {"at_count", "above_count"} <= set(wanted)

    def test_a_box_that_ends_training_as_degenerate_does_so_after_resizing_too(self, name):
        detector = load_detector(name)
        if detector.resize.degenerate == "raises":
            assert detector.labels.error("zero_side") == detector.resize.degenerate_error


def test_classes_end_where_the_model_s_do():
    for name, ids in {
        "torchvision-fasterrcnn_resnet50_fpn": range(1, 4),
        "torchvision-retinanet_resnet50_fpn": range(4),
        "ssd-pytorch": range(3),
        "simple-faster-rcnn": range(4),
        "detectron2-rpn_fpn": range(4),
        "py-faster-rcnn": range(1, 4),
        "tf-od-ssd_mobilenet_v2": range(1, 5),
        "efficientdet-d0": range(1, 5),
        "yolov5": range(4),
    }.items():
        assert load_detector(name).labels.classes_end(4) == ids.stop, name


def test_every_preset_has_a_case():
    assert sorted(CASES) == sorted(NAMES)


@pytest.mark.parametrize(("name", "case"), SHAPES)
def test_shapes(name, case):
    anchors, wanted = load_detector(name).anchors, case["shapes"]
    made = anchors.shapes_of(anchors.levels[case["level"]])[: len(wanted)]
    tolerance = 6e-6 if anchors.units == "fractions" else 6e-3
    assert made.tolist() == [pytest.approx(shape, abs=tolerance) for shape in wanted]


def test_a_detector_in_one_line():
    assert str(load_detector("yolov4")) == (
        "yolov4: input 608x608, 9 anchor shapes, stride 8/16/32, anchors may cross the edge, the shape most "
        "like the box and those above shape IoU 0.213"
    )
    tiny = str(load_detector("yolov4-tiny"))
    assert "6 anchor shapes and 1 on no level, stride 32/16" in tiny
    assert tiny.endswith("the shape most like the box")


def test_cells_of_fixed_grids():
    for name in ("torchvision-ssd300_vgg16", "mmdet-ssd300", "ssd-pytorch"):
        levels = load_detector(name).anchors.levels
        assert [level.cells for level in levels] == [(n, n) for n in (38, 19, 10, 5, 3, 1)]
        assert sum(level.count * level.cells[0] ** 2 for level in levels) == 8732
