"""Anchors chosen for foreground: what the search minimises, how it counts, and where anchors stand."""

import numpy as np
import pytest

from anchoraudit import audit, read
from anchoraudit.anchors.foreground.evaluation import Encoder, Outcome
from anchoraudit.anchors.foreground.levels import OnLevel, lay_out, on_levels, shares, split, with_levels
from anchoraudit.anchors.foreground.search import Budget, search
from anchoraudit.anchors.foreground.searched import fit_foreground, judge_levels
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors import load_detector, override, preset_names
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import on_canvas
from anchoraudit.errors import AnchorauditError
from tests.builders import annotation, document, image, make
from tests.conftest import SAMPLE

REPLAYED = [
    name
    for name in preset_names()
    if load_detector(name).match.depends_on_anchors and load_detector(name).match.kind != "atss"
]


@pytest.fixture
def data(tmp_path):
    """Build a data set of 960x720 images: one box a (image, x, y, width, height)."""

    def build(*boxes):
        images = [image(i) for i in sorted({i for i, *_ in boxes})]
        found = [annotation(n, i, list(bbox)) for n, (i, *bbox) in enumerate(boxes)]
        return read(make(tmp_path, {"a.json": document(images, found)}) / "a.json")

    return build


def encoder(dataset, detector):
    rows = np.flatnonzero(prepare(dataset).usable)
    rows = rows[np.argsort(dataset.boxes.image[rows], kind="stable")]
    return Encoder(on_canvas(dataset, rows, detector), dataset.boxes.image[rows], detector)


def test_the_remainder_goes_to_the_finer_levels():
    assert shares(9, [8, 16, 32]) == [3, 3, 3]
    assert shares(11, [8, 16, 32]) == [4, 4, 3]
    assert shares(10, [32, 16, 8]) == [3, 3, 4]
    assert shares(4, [16]) == [4]


def test_large_anchors_stand_on_coarse_levels():
    anchors = [(100, 100), (10, 10), (40, 40), (20, 20)]
    assert split(anchors, [32, 8]) == [OnLevel(32, ((40, 40), (100, 100))), OnLevel(8, ((10, 10), (20, 20)))]
    # Equal areas: by width.
    assert split([(20, 10), (10, 20)], [8, 16]) == [OnLevel(8, ((10, 20),)), OnLevel(16, ((20, 10),))]


def test_fewer_anchors_than_levels():
    with pytest.raises(AnchorauditError, match="2 anchors for 3 levels") as error:
        split([(1, 1), (2, 2)], [8, 16, 32])
    assert "--k 3" in error.value.remedy


def test_a_side_below_the_stride():
    assert OnLevel(16, ((16, 16), (15.99, 40), (40, 8))).below_stride == ((15.99, 40), (40, 8))


def test_the_laid_out_detector_has_these_anchors_and_its_own_rules():
    detector = lay_out(load_detector("mmdet-yolov3"), [(10, 10), (20, 20), (200, 200), (50, 50)])
    assert [(lv.stride, lv.shapes) for lv in detector.anchors.levels] == [
        (32, ((200, 200),)),
        (16, ((50, 50),)),
        (8, ((10, 10), (20, 20))),
    ]
    assert detector.match == load_detector("mmdet-yolov3").match
    swapped = with_levels(detector, [OnLevel(8, ((1, 1),)), OnLevel(16, ((2, 2),)), OnLevel(32, ((3, 3),))])
    assert [lv.shapes for lv in swapped.anchors.levels] == [((3, 3),), ((2, 2),), ((1, 1),)]


def test_anchors_that_are_laid_out_all_compete_and_are_on_a_level():
    masked = load_detector("yolov4-tiny").anchors
    anchors = lay_out(load_detector("yolov4-tiny"), [(10, 10), (20, 20), (200, 200), (50, 50)]).anchors
    assert masked.left_out
    assert not anchors.left_out
    assert [level.shapes for level in anchors.levels] == [((50, 50), (200, 200)), ((10, 10), (20, 20))]
    kept = lay_out(load_detector("yolov4"), [(10, 10), (20, 20), (200, 200)]).anchors
    assert [level.also_above for level in kept.levels] == [0.213] * 3


def test_outcome_counts_images_before_boxes(data):
    # Image 1 has two boxes, image 2 one; an anchor of a box's size matches that box alone.
    dataset = data((1, 408, 308, 96, 96), (1, 200, 200, 40, 40), (2, 400, 300, 300, 80))
    found = encoder(dataset, load_detector())
    assert found.outcome([(96, 96)])[:2] == (1, 2)
    assert found.outcome([(40, 40)])[:2] == (1, 2)
    assert found.outcome([(40, 40), (96, 96)])[:2] == (1, 1)
    assert found.outcome([(40, 40), (96, 96), (300, 80)]) == Outcome(0, 0, 0.0)
    # The mean of the best shape's IoU: 1, 1600 / 9216 and 7680 / 25536.
    misfit = found.outcome([(96, 96)]).misfit
    assert misfit == pytest.approx(1 - (1 + 1600 / 9216 + 7680 / 25536) / 3, abs=1e-7)
    # What is worse already is not measured to the end.
    assert found.outcome([(40, 40)], Outcome(0, 0, 1.0)) is None
    assert found.without_foreground(found.matched([(96, 96)])).tolist() == [False, False, True]


@pytest.mark.parametrize("name", REPLAYED)
def test_a_union_of_single_shapes_is_what_the_engine_says_of_all(name):
    detector = load_detector(name)
    dataset = read(SAMPLE / "coco")
    found = encoder(dataset, detector)
    anchors = [(float(w), float(h)) for w, h in np.random.default_rng(1).uniform(8, 300, (12, 2)).round(2)]
    whole = engines.judge(found.boxes, lay_out(detector, anchors))
    assert np.array_equal(found.matched(anchors), whole.matched)
    assert np.count_nonzero(whole.matched) > 0


@pytest.mark.parametrize("name", ["reference", "yolov5", "detectron2-rpn_c4-border0", "mmdet-yolov3"])
def test_never_worse_than_the_clustering_by_iou_and_as_audited(name):
    dataset, detector = read(SAMPLE / "coco"), load_detector(name)
    fit = fit_foreground(dataset, detector, 6, evaluations=600)
    assert fit.found.outcome <= fit.by_iou.outcome
    assert (fit.cut_short, fit.searched) == (False, fit.boxes)
    for one in (fit.found, fit.by_iou):
        result = audit(dataset, lay_out(detector, one.clustered.anchors), loader="none")
        boxes = result.boxes_frame().query("usable")
        assert one.unmatched == np.count_nonzero(boxes.status != "matched")
        by_image = boxes.groupby("image_id").status.agg(lambda s: (s == "matched").any())
        assert (one.empty, fit.images) == (np.count_nonzero(~by_image), len(by_image))
    present = audit(dataset, detector, loader="none").summary()
    assert fit.boxes == present["usable"]


def test_it_finds_what_shapes_alone_miss(data):
    # Many alike boxes draw the one anchor to them; one box of another size is alone in its image.
    boxes = [(1, 60 * i + 4, 300, 40, 40) for i in range(12)]
    dataset = data(*boxes, (2, 400, 300, 62, 62))
    fit = fit_foreground(dataset, load_detector(), 1)
    assert (fit.by_iou.empty, fit.found.empty) == (1, 0)
    assert fit.found.unmatched == 0


def test_the_same_seed_gives_the_same_anchors():
    dataset = read(SAMPLE / "voc")
    found = [fit_foreground(dataset, load_detector(), 4, seed=3, evaluations=400).found for _ in range(2)]
    assert found[0] == found[1]


def test_the_time_limit_is_said(data):
    fit = fit_foreground(
        data((1, 400, 300, 90, 90), (2, 300, 300, 30, 90)), load_detector(), 1, time_limit=1e-9
    )
    assert (fit.cut_short, fit.evaluations) == (True, 0)
    assert fit.found == fit.by_iou


def test_the_evaluations_are_counted(data):
    found = encoder(data((1, 400, 300, 96, 96), (2, 300, 300, 30, 90)), load_detector())
    calls = []
    budget = Budget(60, evaluations=100, progress=lambda *done: calls.append(done))
    search(found, [[(60.0, 60.0)]], budget=budget, rng=np.random.default_rng(0))
    assert (budget.done, budget.late) == (100, False)
    assert calls == [(20, 100), (40, 100), (60, 100), (80, 100), (100, 100)]


def test_of_many_boxes_whole_images_are_searched_and_all_are_judged(data, monkeypatch):
    monkeypatch.setattr("anchoraudit.anchors.foreground.searched.MOST_BOXES", 4)
    dataset = data(*[(i, 400, 300, 40 + 9 * i + j, 60) for i in range(6) for j in range(2)])
    fit = fit_foreground(dataset, load_detector(), 2, evaluations=1000)
    assert (fit.boxes, fit.searched) in {(12, 2), (12, 4)}
    assert fit.found.outcome <= fit.by_iou.outcome


def test_atss_is_refused():
    with pytest.raises(AnchorauditError, match="depends on all anchors") as error:
        fit_foreground(read(SAMPLE / "coco"), load_detector("mmdet-atss"), 5)
    assert error.value.remedy


def test_too_few_anchors_and_no_box(data, tmp_path):
    with pytest.raises(AnchorauditError, match="2 anchors for 3 levels"):
        fit_foreground(read(SAMPLE / "coco"), load_detector("yolov5"), 2)
    make(tmp_path, {"none.json": document(annotations=[annotation(iscrowd=1)])})
    with pytest.raises(AnchorauditError, match="no usable box"):
        fit_foreground(read(tmp_path / "none.json"), load_detector(), 1)


def test_levels_are_judged_as_they_are_given(data):
    dataset, detector = data((1, 400, 300, 96, 96)), override(load_detector("yolov5"), input_size="960")
    levels = on_levels([(10, 10), (96, 96), (400, 400)], detector)
    assert judge_levels(dataset, detector, levels) == (0, 0)
    tiny = [OnLevel(level.stride, ((2, 2),)) for level in levels]
    assert judge_levels(dataset, detector, tiny) == (1, 1)


def test_on_blood_cells_few_anchors_leave_no_image_empty(shared):
    fit = fit_foreground(read(shared / "data" / "bccd"), load_detector(), 3, evaluations=1500)
    assert (fit.by_iou.empty, fit.present.empty) == (5, 6)
    assert fit.found.empty == 0
    assert fit.found.unmatched < 60 < fit.by_iou.unmatched
