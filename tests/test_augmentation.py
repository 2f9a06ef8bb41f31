"""The audit under random geometry: held to audits of data sets that are augmented box by box."""

import dataclasses
import math
import warnings

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit import AnchorauditError, Chosen, audit, load_detector, read
from anchoraudit.auditing.augmentation import batches as module
from anchoraudit.auditing.augmentation.draws import Drawn, augmented, draw, keys_of
from anchoraudit.auditing.augmentation.sensitivity import sensitivity
from anchoraudit.auditing.augmentation.spec import Augmentation
from anchoraudit.dataset.columns import Boxes
from anchoraudit.dataset.labels import prepare
from anchoraudit.detectors.spec import Border, Resize
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from tests.builders import GOOD, annotation, document, image, make

EVERYTHING = Augmentation.parse("flip,scale=0.5..1.5,translate=0.1,crop=0.3..1")
FORCING = load_detector("mmdet-retinanet_fpn")  # every box that is left forces an anchor
NO_RULES = Chosen(select=("PAR",))


@pytest.fixture
def data(tmp_path):
    """Read a COCO document into a data set."""

    def build(images=None, annotations=None):
        return read(make(tmp_path, {"a.json": document(images, annotations)}) / "a.json")

    return build


def scattered(count=40, seed=1):
    """Images of many sizes, with boxes of many sizes, many of them at an edge."""
    random = np.random.default_rng(seed)
    images, annotations = [], []
    for i in range(1, count + 1):
        width, height = (int(side) for side in random.integers(200, 1200, 2))
        images.append(image(i, width=width, height=height))
        for _ in range(int(random.integers(0, 4))):
            w, h = np.minimum(np.exp(random.normal(4.5, 1.0, 2)), [width, height])
            x, y = np.clip(random.uniform(-0.2, 1.2, 2), 0, 1) * [width - w, height - h]
            box = [round(float(v), 2) for v in (x, y, w, h)]
            annotations.append(annotation(len(annotations) + 1, i, box))
    return images, annotations


def run(dataset, detector="reference", augmentation=EVERYTHING, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return sensitivity(dataset, prepare(dataset), load_detector(detector), augmentation, **options)


def slow(dataset, detector, augmentation, draws, seed):
    """The share of draws without foreground: a data set for each draw, box by box, then an audit."""
    images, boxes = dataset.images, dataset.boxes
    usable = np.flatnonzero(prepare(dataset).usable)
    keys = keys_of(images.ids, images.file_names)
    empty = np.zeros(len(images))
    for number in range(draws):
        drawn = draw(augmentation, keys, images.width, images.height, number=number, seed=seed)
        owners, made = [], []
        for row in usable.tolist():
            i = int(boxes.image[row])
            s, w, h = drawn.scale[i], drawn.width[i], drawn.height[i]
            old_w, old_h = images.width[i], images.height[i]
            x1, y1, x2, y2 = np.clip(boxes.xyxy[row], 0, [old_w, old_h, old_w, old_h])
            x1, x2 = x1 * s + drawn.shift_x[i], x2 * s + drawn.shift_x[i]
            y1, y2 = y1 * s + drawn.shift_y[i], y2 * s + drawn.shift_y[i]
            left, right, t, b = max(x1, 0), min(x2, w), max(y1, 0), min(y2, h)
            if left >= right or t >= b:
                continue
            if augmentation.keep == "centre":
                if not (0 < (x1 + x2) / 2 < w and 0 < (y1 + y2) / 2 < h):
                    continue
            elif (right - left) * (b - t) < augmentation.keep * ((x2 - x1) * (y2 - y1)):
                continue
            if drawn.mirrored[i]:
                left, right = w - right, w - left
            owners.append(i)
            made.append([left, t, right, b])
        n = len(owners)
        changed = dataclasses.replace(
            dataset,
            images=dataclasses.replace(images, width=drawn.width, height=drawn.height),
            boxes=Boxes(
                image=np.array(owners, dtype=np.int64),
                annotation_ids=None,
                category=np.zeros(n, dtype=np.int64),
                xyxy=np.array(made, dtype=np.float64).reshape(-1, 4),
                crowd=np.zeros(n, dtype=np.bool_),
                difficult=np.zeros(n, dtype=np.bool_),
            ),
        )
        empty += audit(changed, detector, rules=NO_RULES, images="none", loader="none").verdict_is(
            *WITHOUT_FOREGROUND
        )
    return empty / draws


def original_size(name):
    return msgspec.structs.replace(load_detector(name), resize=Resize(kind="none"))


@pytest.mark.parametrize(
    "detector",
    [
        *map(
            load_detector,
            [
                "reference",
                "torchvision-fasterrcnn_resnet50_fpn",
                "torchvision-ssd300_vgg16",
                "detectron2-rpn_c4-border0",
                "mmdet-faster_rcnn_fpn",
                "mmdet-faster_rcnn_fpn-border0",
                "mmdet-atss",
                "keras-retinanet",
                "efficientdet-d0",
                "py-faster-rcnn",
                "yolov5",
                "yolov3-darknet",
                "yolov4-tiny",
            ],
        ),
        original_size("reference"),
        original_size("detectron2-rpn_c4-border0"),
    ],
    ids=lambda d: f"{d.name} {d.resize.kind}",
)
def test_as_audits_of_augmented_data_sets(detector, data):
    dataset = data(*scattered(25))
    found = run(dataset, detector, draws=4, seed=3)
    assert found.p_empty.tolist() == slow(dataset, detector, EVERYTHING, 4, 3).tolist()
    assert len(np.unique(found.p_empty)) > 2


@pytest.mark.parametrize(
    "spec",
    [
        "flip",
        "scale=0.5..1.5",
        "scale=1.2..3",
        "translate=0.4",
        "crop=0.1..0.9",
        "crop=0.2..0.5,flip,keep=0.6",
        "scale=1..4,translate=0.3,keep=1",
        "translate=1,keep=0",
    ],
)
def test_every_part_as_audits_of_augmented_data_sets(spec, data):
    dataset, augmentation = data(*scattered(25, seed=7)), Augmentation.parse(spec)
    found = run(dataset, "reference", augmentation, draws=5)
    assert found.p_empty.tolist() == slow(dataset, "reference", augmentation, 5, 0).tolist()


@pytest.mark.parametrize("spec", ["scale=1..1", "crop=1..1", "translate=0", "crop=1..1,scale=1..1,keep=1"])
@pytest.mark.parametrize("name", ["reference", "py-faster-rcnn", "mmdet-atss"])
def test_what_changes_nothing_gives_the_verdicts(spec, name, data):
    dataset = data(*scattered(seed=2))
    result = audit(dataset, name, images="none", loader="none")
    found = run(dataset, name, Augmentation.parse(spec), draws=3)
    assert found.p_empty.tolist() == result.verdict_is(*WITHOUT_FOREGROUND).astype(float).tolist()
    assert found.expected_empty == len(result.images_with(*WITHOUT_FOREGROUND))
    assert found.error == 0


def test_a_box_at_the_edge_always_leaves_when_zoomed_in(data):
    dataset = data([image(1), image(2)], [annotation(1, 1, [0, 0, 100, 100]), annotation(2, 2)])
    found = run(dataset, FORCING, Augmentation.parse("scale=1.5..2"))
    # 1.5 times: what lies within a sixth of the side of an edge is lost. A box near the middle stays.
    assert found.p_empty.tolist() == [1.0, 0.0]
    assert found.expected_empty == 1.0


def alike(bbox, count=200):
    """Images of one box each, at the same place: few draws of all cost less than many of one."""
    return [image(i) for i in range(count)], [annotation(i, i, bbox) for i in range(count)]


def test_chance_of_leaving_by_translation(data):
    # The centre is at 48 of 960: out when moved left by more than 1/20 of the width, of 1/10 either way.
    found = run(data(*alike([38, 350, 20, 20])), FORCING, Augmentation.parse("translate=0.1"), draws=20)
    assert found.p_empty.mean() == pytest.approx(0.25, abs=0.03)
    assert found.error == pytest.approx(math.sqrt(200 * 0.25 * 0.75 / 20), rel=0.1)


def test_chance_of_being_in_a_crop(data):
    # A window of half the sides holds the middle unless it is at the very end: its left edge is one of
    # 0..480, all alike, and the centre at 240 is in it if the edge is below 240; the rows likewise.
    found = run(data(*alike([230, 170, 20, 20])), FORCING, Augmentation.parse("crop=0.25..0.25"), draws=20)
    assert found.p_empty.mean() == pytest.approx(1 - (240 / 481) * (180 / 361), abs=0.03)


def test_a_share_of_the_area_keeps_what_the_centre_does_not(data):
    # Moved by up to 1/20 of 960 px: the box loses up to 48 of its 60 columns, and its centre in part.
    dataset = data(*alike([0, 340, 60, 40]))

    def p(keep):
        found = run(dataset, FORCING, Augmentation.parse(f"translate=0.05,keep={keep}"), draws=10)
        return float(found.p_empty.mean())

    assert p("0.1") == 0.0  # a fifth of it is always left along x, and all of it along y
    assert p("centre") == p("0.5") == pytest.approx(0.5 * 18 / 48, abs=0.03)
    assert p("1") == pytest.approx(0.5, abs=0.04)


def test_mirroring_matters_where_the_grid_is_not_symmetric(data):
    # On an anchor: 74 x 149 about (40, 88). Mirrored in 960 px its centre is 920 = 8 + 16 x 57, on one again;
    # in 950 px it is 910, six from the nearest, where the IoU is 68 / 80.
    exact = original_size("reference")
    exact = msgspec.structs.replace(exact, match=msgspec.structs.replace(exact.match, positive=0.9))
    flip = Augmentation.parse("flip")
    for width, least, most in ((960, 0.0, 0.0), (950, 0.3, 0.7)):
        dataset = data([image(width=width)], [annotation(bbox=[3, 13.5, 74, 149])])
        assert least <= run(dataset, exact, flip, draws=64).p_empty[0] <= most


def test_blank_unusable_and_unknown_images(data):
    images = [image(1), image(2), image(3, width=None, height=None), image(4), image(5)]
    images[2] = {"id": 3, "file_name": "3.jpg"}
    images.append({"id": 6, "file_name": "6.jpg"})
    annotations = [
        annotation(1, 2, GOOD, iscrowd=1),
        annotation(2, 3),
        annotation(3, 4, [5000, 5000, 10, 10]),
        annotation(4, 5),
    ]
    found = run(data(images, annotations), "reference", Augmentation.parse("flip"))
    # Blank, crowd only, unknown size, outside, good; blank is blank whatever its size.
    np.testing.assert_array_equal(found.p_empty, [1.0, 1.0, np.nan, 1.0, 0.0, 1.0])
    assert (found.expected_empty, found.error) == (4.0, 0.0)


def test_a_framework_that_raises_counts_as_without_foreground(data):
    raising = msgspec.structs.replace(
        FORCING, match=msgspec.structs.replace(FORCING.match, no_boxes="raises")
    )
    dataset = data([image(1), image(2)], [annotation(1, 1, [0, 0, 100, 100]), annotation(2, 2)])
    assert run(dataset, raising, Augmentation.parse("scale=2..2")).p_empty.tolist() == [1.0, 0.0]
    # No anchor lies inside what is left of an image, and the framework raises though there is a box.
    none_inside = msgspec.structs.replace(
        original_size("reference"), border=Border(margin=0, none_inside="raises")
    )
    dataset = data(None, [annotation(bbox=[0, 0, 960, 720])])
    found = run(dataset, none_inside, Augmentation.parse("crop=0.001..0.002,keep=0"))
    assert found.p_empty.tolist() == [1.0]


def test_a_framework_that_raises_does_so_whatever_else_matches(data):
    raising = msgspec.structs.replace(
        FORCING, resize=msgspec.structs.replace(FORCING.resize, degenerate="raises")
    )
    annotations = [annotation(1, 1), annotation(2, 1, [400, 360, 1e-6, 50])]
    for detector, expected in ((FORCING, 0.0), (raising, 1.0)):
        assert run(data(None, annotations), detector, Augmentation(flip=True)).p_empty.tolist() == [expected]


def test_no_images_and_no_boxes(data):
    nothing = run(data([image(1)], []))
    assert (nothing.p_empty.tolist(), nothing.expected_empty, nothing.error) == ([1.0], 1.0, 0.0)


def test_the_same_seed_gives_the_same_and_another_does_not(data):
    dataset = data(*scattered())
    one, again, other = run(dataset), run(dataset), run(dataset, seed=1)
    assert one.p_empty.tolist() == again.p_empty.tolist() != other.p_empty.tolist()
    assert ((one.p_empty >= 0) & (one.p_empty <= 1)).all()
    assert (one.draws, one.seed, one.augmentation) == (32, 0, EVERYTHING)
    assert one.expected_empty == pytest.approx(other.expected_empty, abs=5 * (one.error + other.error))


def test_neither_blocks_nor_order_nor_other_images_matter(data, monkeypatch):
    images, annotations = scattered(20)

    def shares(images, annotations):
        return run(data(images, annotations), draws=8).p_empty

    expected = shares(images, annotations)
    for boxes in (1, 5, 100):
        with monkeypatch.context() as patch:
            patch.setattr(module, "BOXES_AT_ONCE", boxes)
            assert shares(images, annotations).tolist() == expected.tolist()
    backwards = shares(images[::-1], annotations[::-1])
    assert backwards.tolist() == expected[::-1].tolist()
    some = {i["id"] for i in images[::3]}
    left = shares(images[::3], [a for a in annotations if a["image_id"] in some])
    assert left.tolist() == expected[::3].tolist()


def test_more_draws_begin_with_the_same(data):
    dataset = data(*scattered())
    counts = [np.rint(run(dataset, draws=n).p_empty * n) for n in (5, 6)]
    assert set(np.unique(counts[1] - counts[0])) == {0.0, 1.0}


def test_error_is_that_of_the_spread_between_seeds(data):
    dataset = data(*scattered(80))
    found = [run(dataset, draws=4, seed=seed) for seed in range(60)]
    spread = np.std([one.expected_empty for one in found], ddof=1)
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.3)


def test_error_is_of_the_sum(data):
    found = run(data(*scattered()), draws=3)
    p = found.p_empty
    assert found.expected_empty == pytest.approx(p.sum())
    assert found.error == pytest.approx(math.sqrt((p * (1 - p)).sum() / 2))


def test_one_draw_has_no_error(data):
    assert math.isnan(run(data(), draws=1).error)


def test_progress_ends_with_the_last_draw(data, monkeypatch):
    monkeypatch.setattr(module, "BOXES_AT_ONCE", 2)
    seen = []
    run(data(), draws=5, progress=lambda done, todo: seen.append((done, todo)))
    assert seen == [(2, 5), (4, 5), (5, 5)]
    seen.clear()
    images = [image(1), image(2), image(3)]
    annotations = [annotation(1, 1), annotation(2, 1), annotation(3, 1), annotation(4, 2)]
    run(data(images, annotations), draws=2, progress=lambda done, todo: seen.append((done, todo)))
    assert seen == [(1, 4), (2, 4), (4, 4)]  # of image 3, which is blank, nothing is drawn
    seen.clear()
    run(data([image(1)], []), progress=lambda done, todo: seen.append((done, todo)))
    assert seen == []


@pytest.mark.parametrize(("draws", "seed"), [(0, 0), (-1, 0), (1, -1)])
def test_impossible_numbers(draws, seed, data):
    with pytest.raises(AnchorauditError, match="at least 1 draw"):
        run(data(), draws=draws, seed=seed)


def test_numbers_are_spread_evenly_and_apart():
    keys = keys_of(range(20_000), map(str, range(20_000)))
    side = np.full(len(keys), 1000.0)
    one, two = (draw(EVERYTHING, keys, side, side, number=n, seed=0) for n in (0, 1))
    assert one.scale.min() >= 0.5 and one.scale.max() < 1.5
    shares = np.histogram(one.scale, 10, (0.5, 1.5))[0] / len(keys)
    assert np.abs(shares - 0.1).max() < 0.01
    assert one.mirrored.mean() == pytest.approx(0.5, abs=0.015)
    assert abs(np.corrcoef(one.scale, two.scale)[0, 1]) < 0.03
    for other in (one.width, one.mirrored, one.shift_x - 500 * (1 - one.scale)):
        assert abs(np.corrcoef(one.scale, other)[0, 1]) < 0.03
    area = one.width * one.height / 1e6
    assert area.min() > 0.3 and area.max() <= 1.01 and area.mean() == pytest.approx(0.65, abs=0.01)


def test_crops_are_of_whole_pixels_and_inside():
    keys = keys_of(range(500), map(str, range(500)))
    width, height = np.full(500, 640.0), np.full(500, 427.0)
    drawn = draw(Augmentation.parse("crop=0.3..1"), keys, width, height, number=0, seed=0)
    for shift, size, whole in ((drawn.shift_x, drawn.width, 640), (drawn.shift_y, drawn.height, 427)):
        assert (size == np.rint(size)).all() and (shift == np.rint(shift)).all()
        assert (shift <= 0).all() and (size - shift <= whole).all()
        assert shift.max() == 0 or shift.max() > -5
    assert np.abs(drawn.width / drawn.height - 640 / 427).max() < 0.01


def test_boxes_are_scaled_about_the_middle_moved_cut_and_mirrored():
    box, of = np.array([[10.0, 20.0, 40.0, 60.0]]), np.zeros(1, dtype=np.int64)

    def made(keep="centre", scale=1, shift_x=0, shift_y=0, mirrored=False):
        places = [np.array([float(v)]) for v in (scale, shift_x, shift_y, 100, 80)]
        boxes, kept = augmented(box, of, Drawn(*places, np.array([mirrored])), keep)
        return boxes[0].tolist(), bool(kept[0])

    assert made() == ([10, 20, 40, 60], True)
    assert made(mirrored=True) == ([60, 20, 90, 60], True)
    assert made(scale=2, shift_x=-40, shift_y=-40) == ([0, 0, 40, 80], True)
    assert made(shift_x=-24) == ([0, 20, 16, 60], True)
    assert made(shift_x=-24, mirrored=True) == ([84, 20, 100, 60], True)
    assert made(shift_x=-25)[1] is False  # its centre is on the edge
    assert made(shift_x=-25, keep=0.5)[1] is True
    assert made(shift_x=-26, keep=0.5)[1] is False
    assert made(shift_x=-40, keep=0.0)[1] is False  # nothing of it is left
    box[0, :3] = [0.0, 20.0, 1e-17]
    assert made(keep=0.0)[1] is True
    assert made(keep=0.0, mirrored=True) == ([100, 20, 100, 60], False)  # rounding makes nothing of it


def test_scale_keeps_the_middle_where_it_is():
    keys = keys_of([1], ["a"])
    drawn = draw(
        Augmentation.parse("scale=0.5..0.5"), keys, np.array([100.0]), np.array([80.0]), number=0, seed=0
    )
    assert [drawn.scale[0], drawn.shift_x[0], drawn.shift_y[0]] == [0.5, 25.0, 20.0]
    assert [drawn.width[0], drawn.height[0]] == [100.0, 80.0]


def test_each_axis_is_moved_by_itself_and_by_its_own_side():
    keys = keys_of(range(2000), map(str, range(2000)))
    width, height = np.full(2000, 1000.0), np.full(2000, 100.0)
    drawn = draw(Augmentation.parse("translate=0.1"), keys, width, height, number=0, seed=0)
    assert -100 <= drawn.shift_x.min() < -99 and 99 < drawn.shift_x.max() <= 100
    assert -10 <= drawn.shift_y.min() < -9.9 and 9.9 < drawn.shift_y.max() <= 10
    assert abs(np.corrcoef(drawn.shift_x, drawn.shift_y)[0, 1]) < 0.08


@pytest.mark.parametrize("name", ["reference", "yolov5", "detectron2-rpn_c4-border0", "mmdet-atss"])
def test_hostile_data(name, data):
    images = [
        image(1, width=1, height=1),
        image(2, width=0.3, height=7.5),
        image(3, width=1e7, height=1),
        image(4, width=640.5, height=1e-300),
        image(5, file_name="\ud800\x1b[31m"),
        image(5, file_name="twice.jpg"),
        image("x" * 500),
    ]
    annotations = [
        annotation(1, 1, [0, 0, 1, 1]),
        annotation(2, 2, [0, 0, 1e-320, 1]),
        annotation(3, 3, [0, 0, 1e7, 1e300]),
        annotation(4, 4, [1, 0, 5, 1]),
        annotation(5, 5, [float("nan"), 0, 5, 5]),
        annotation(6, 5, [-1e308, -1e308, 1.7e308, 1.7e308]),
        annotation(7, 5, [0, 0, 1e-12, 1e-12]),
        annotation(8, "x" * 500),
    ]
    for spec in ("flip,scale=0.01..100,translate=1,crop=0.0001..1", "crop=0.0001..0.001,flip,keep=1"):
        found = run(data(images, annotations), name, Augmentation.parse(spec))
        known = found.p_empty[~np.isnan(found.p_empty)]
        assert ((known >= 0) & (known <= 1)).all()
        assert found.expected_empty == known.sum()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flip", Augmentation(flip=True)),
        (
            " crop = 0.3 .. 1 , flip,scale=0.5..1.5",
            Augmentation(flip=True, scale=(0.5, 1.5), crop=(0.3, 1)),
        ),
        ("translate=.1,keep=0.25", Augmentation(translate=0.1, keep=0.25)),
        ("scale=2..2,keep=centre", Augmentation(scale=(2, 2))),
    ],
)
def test_parsing(text, expected):
    assert Augmentation.parse(text) == expected
    assert Augmentation.parse(str(expected)) == expected


@given(st.text("flipscaletrankop=.,0123456789 -", max_size=40) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        augmentation = Augmentation.parse(text)
    except AnchorauditError:
        return
    assert Augmentation.parse(str(augmentation)) == augmentation


def test_as_text():
    assert str(EVERYTHING) == "flip,scale=0.5..1.5,translate=0.1,crop=0.3..1"
    assert str(Augmentation(crop=(0.5, 1), keep=0.25)) == "crop=0.5..1,keep=0.25"


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("flop", "unknown augmentation 'flop'", "Did you mean flip?"),
        ("flip,Crops=0.3..1", "'Crops=0.3..1'", "Did you mean crop?"),
        ("mosaic", "unknown augmentation 'mosaic'", "There are: flip"),
        ("flip,,crop=0.3..1", "unknown augmentation ''", "There are: flip"),
        ("flip=0.5", "'flip=0.5'", "flip: mirrored"),
        ("flip=", "'flip='", "flip: mirrored"),
        ("scale", "'scale'", "scale=0.5..1.5"),
        ("scale=0.5", "'scale=0.5'", "scale=0.5..1.5"),
        ("scale=1.5..0.5", "scale=1.5..0.5", "scale=0.5..1.5"),
        ("scale=0..1", "scale=0..1", "0.01 to 100"),
        ("scale=1..1e9", "scale=1..1e+09", "0.01 to 100"),
        ("scale=a..b", "'scale=a..b'", "scale=0.5..1.5"),
        ("scale=nan..1", "'scale=nan..1'", "0.01 to 100"),
        ("scale=1..inf", "'scale=1..inf'", "0.01 to 100"),
        ("crop=0.5..1.5", "crop=0.5..1.5", "crop=0.3..1"),
        ("crop=0..1", "crop=0..1", "0.0001 to 1"),
        ("translate=2", "translate=2", "0 to 1"),
        ("translate=-0.1", "translate=-0.1", "0 to 1"),
        ("translate=0.1..0.2", "translate=0.1..0.2", "translate=0.1"),
        ("flip,keep=center", "'keep=center'", "keep=centre"),
        ("flip,keep=1.5", "keep=1.5", "0 to 1"),
        ("flip,crop=0.3..1,crop=0.5..1", "crop is given twice", "Give it once"),
        ("", "does nothing", "flip, scale, translate and crop"),
        ("  ", "does nothing", "flip, scale, translate and crop"),
        ("keep=0.5", "does nothing", "flip, scale, translate and crop"),
    ],
)
def test_parse_errors(text, part, hint):
    with pytest.raises(AnchorauditError) as caught:
        Augmentation.parse(text)
    assert part in caught.value.message
    assert hint in caught.value.remedy


def test_real_photographs(shared):
    dataset = read(next((shared / "data" / "coco38").rglob("*.json")))
    found = run(dataset, "reference", draws=8)
    before = audit(dataset, images="none", rules=NO_RULES).verdict_is(*WITHOUT_FOREGROUND)
    assert found.p_empty.tolist() == slow(dataset, "reference", EVERYTHING, 8, 0).tolist()
    assert found.p_empty[before].mean() > found.p_empty[~before].mean()
