"""From drawn boxes to the share of epochs in which a box is trained."""

import math

import msgspec
import numpy as np
import pytest

import anchoraudit as library
from anchoraudit import load_detector
from anchoraudit.auditing.augmentation import batches
from anchoraudit.auditing.augmentation.frameworks import recipe as recipes
from anchoraudit.auditing.augmentation.frameworks import training
from anchoraudit.auditing.augmentation.frameworks.recipe import Phase, Presentation, Recipe, all_recipes
from anchoraudit.auditing.augmentation.frameworks.steps.flip import Flip
from anchoraudit.auditing.augmentation.frameworks.steps.gates import Either
from anchoraudit.auditing.augmentation.frameworks.training import presented, under_training
from anchoraudit.auditing.augmentation.sensitivity import Untrained
from anchoraudit.detectors import preset_names
from anchoraudit.errors import AnchorauditError
from tests.builders import annotation, document, image, make


class Drop:
    """A step that drops every box."""

    def __call__(self, views):
        views.kept[:] = False


def audited(tmp_path, boxes, detector, **options):
    """Audit a data set of one image for each list of boxes."""
    images = [image(i, width=960, height=720) for i in range(1, len(boxes) + 1)]
    pairs = [(i, box) for i, own in enumerate(boxes, 1) for box in own]
    annotations = [annotation(n, i, box) for n, (i, box) in enumerate(pairs, 1)]
    root = make(tmp_path, {"a.json": document(images, annotations)})
    return library.audit(root / "a.json", detector, **options)


def run(result, **options):
    return under_training(
        result.dataset, presented(result.labels, result.admitted), result.detector, **options
    )


def recipe_of(*phases, on_input=False):
    return Recipe(name="made", framework="made up", phases=phases, on_input=on_input, sources=("here",))


@pytest.fixture
def made(monkeypatch):
    def use(*phases, **options):
        found = recipe_of(*phases, **options)
        monkeypatch.setattr(training, "recipe_of", lambda detector: found)

    return use


SOME = [[[400, 300, 74, 149], [10, 10, 5, 5]], [[100, 100, 300, 300]], []]


def test_flips_alone_give_the_verdicts_of_the_scan_where_the_grid_is_symmetric(tmp_path):
    result = audited(tmp_path, SOME, "keras-retinanet")
    found = run(result, draws=4)
    unmatched = result.box_results.cause >= 0
    assert unmatched.tolist() == [False, True, False]
    assert found.p_untrained.tolist() == unmatched.astype(float).tolist()
    assert found.p_empty.tolist() == [0.0, 0.0, 1.0]
    assert found.expected_empty == 1.0


def test_the_chance_of_an_epoch_is_that_of_all_presentations(tmp_path, made):
    own = Presentation((Either(0.5, (Drop(),)),))
    others = Presentation((Either(0.25, (Drop(),)),), times=3)
    made(Phase("mosaic", 90, (own, others)), Phase("closing", 10, (own,)))
    found = run(audited(tmp_path, [[[400, 300, 74, 149]]], "keras-retinanet"), draws=20_000)
    mosaic, closing = (phase.p_untrained[0] for phase in found.phases)
    assert mosaic == pytest.approx(0.5 * math.exp(-3 * 0.75), abs=0.003)
    assert closing == pytest.approx(0.5, abs=0.015)
    assert found.p_untrained[0] == pytest.approx(0.9 * mosaic + 0.1 * closing)
    # Images come alone in the closing phase only.
    assert found.p_empty[0] == pytest.approx(closing)
    assert [phase.expected_empty for phase in found.phases] == [None, pytest.approx(closing)]
    assert found.framework.startswith("fizyr/keras-retinanet")


def test_what_is_dropped_in_every_draw_is_never_trained(tmp_path, made):
    made(Phase("mosaic", 1, (Presentation((Drop(),)), Presentation((Drop(),), times=3))))
    found = run(audited(tmp_path, SOME, "keras-retinanet"), draws=3)
    assert found.p_untrained.tolist() == [1.0, 1.0, 1.0]
    assert Untrained.of(found.p_untrained) == Untrained(3, 1.0, 3, 3)
    assert math.isnan(found.expected_empty) and np.isnan(found.p_empty).all()


def test_a_drawn_short_side_is_the_detectors_own_resizing(tmp_path, made):
    # 7 px at a shorter side of 800 are matched by nothing, whatever the size; 100 px by something at each.
    boxes = [[[400, 300, 40, 40], [10, 10, 3, 3], [300, 20, 200, 190]]]
    sides = (640, 800)
    result = audited(tmp_path, boxes, "keras-retinanet")
    static = []
    for side in sides:
        sized = msgspec.structs.replace(
            result.detector, resize=msgspec.structs.replace(result.detector.resize, side=side)
        )
        static.append(library.audit(result.dataset, sized).box_results.cause >= 0)
    made(Phase("training", 1, (Presentation((Flip(0.0),)),), short_sides=sides))
    found = run(result, draws=2000)
    assert found.p_untrained == pytest.approx(np.mean(static, axis=0), abs=0.05)


@pytest.mark.parametrize("name", ["yolov5", "torchvision-ssd300_vgg16", "detectron2-retinanet"])
def test_neither_blocks_nor_other_images_matter(tmp_path, monkeypatch, name):
    result = audited(tmp_path, SOME, name)
    whole = run(result, draws=9)
    monkeypatch.setattr(batches, "BOXES_AT_ONCE", 2)
    pieces = run(result, draws=9)
    assert whole.p_untrained.tolist() == pieces.p_untrained.tolist()
    assert whole.p_empty.tolist() == pieces.p_empty.tolist() or np.isnan(whole.p_empty).all()
    again = run(result, draws=9, seed=1)
    assert again.seed == 1


def test_boxes_that_are_too_small_as_they_are_may_be_trained_after_all(tmp_path):
    own = load_detector("yolov5")
    limited = msgspec.structs.replace(own, labels=msgspec.structs.replace(own.labels, least_side=8))
    # 7.5 px on the input of 640; above 8 in a third of the draws without mosaic.
    result = audited(tmp_path, [[[400, 300, 11.25, 11.25], [500, 300, 90, 90]]], limited)
    assert result.labels.usable.tolist() == [False, True]
    assert np.isnan(under_training(result.dataset, result.labels, limited, draws=50).p_untrained[0])
    assert 0 < run(result, draws=50).p_untrained[0] < 1


def test_progress_ends_with_the_last_draw(tmp_path):
    steps = []
    run(audited(tmp_path, SOME, "yolov5"), draws=5, progress=lambda done, of: steps.append((done, of)))
    # Two images with boxes, presented as their own and in tiles of others.
    assert steps[-1] == (20, 20)


def test_a_data_set_without_boxes(tmp_path):
    found = run(audited(tmp_path, [[], []], "yolov5"), draws=2)
    assert found.p_untrained.tolist() == []
    assert Untrained.of(found.p_untrained).boxes == 0


@pytest.mark.parametrize(("draws", "seed"), [(0, 0), (1, -1)])
def test_impossible_numbers(tmp_path, draws, seed):
    with pytest.raises(AnchorauditError, match="impossible numbers"):
        run(audited(tmp_path, SOME, "yolov5"), draws=draws, seed=seed)


def test_every_preset_names_a_recipe_that_there_is():
    named = {name: load_detector(name).augmentation for name in preset_names()}
    assert {value for value in named.values() if value} <= set(all_recipes())
    for name, value in named.items():
        if value:
            assert recipes.recipe_of(load_detector(name)).name == value
