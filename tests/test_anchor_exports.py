"""Anchors as frameworks want them: every text parses, and is read back as the same anchors."""

import ast
import textwrap

import numpy as np
import pytest
import yaml

from anchoraudit.anchors.export import MARK, default_detector, export, framework_names, require_divisible
from anchoraudit.anchors.export._fitting import bases_scales_ratios, sizes_and_ratios
from anchoraudit.anchors.export._product import nearest_product
from anchoraudit.anchors.file import read_anchors
from anchoraudit.anchors.foreground.levels import OnLevel, lay_out
from anchoraudit.detectors import load_detector
from anchoraudit.errors import AnchorauditError
from tests.test_detector_files import YOLOV5

ANCHORS = [
    *[(10.25, 13.0), (16.0, 30.5), (33.33, 23.0), (30.0, 61.0), (62.0, 45.0)],
    *[(59.0, 119.0), (116.0, 90.0), (156.0, 198.0), (373.0, 326.0)],
]
FIFTEEN = [*ANCHORS, (400.0, 500.0), (600.0, 350.0), (20.0, 24.0), (80.0, 99.0), (200.5, 90.0), (7.0, 9.0)]
SIZES = np.array(FIFTEEN)


def written(framework, anchors, detector=None):
    return export(framework, anchors, load_detector(detector or default_detector(framework)), SIZES)


def by_stride(detector):
    return {level.stride: shapes_of(detector, level) for level in detector.anchors.levels}


def shapes_of(detector, level):
    return sorted(map(tuple, detector.anchors.shapes_of(level).tolist()))


def made(snippet):
    return {level.stride: sorted(level.anchors) for level in snippet.levels}


def same(one, other):
    assert one.keys() == other.keys()
    for stride in one:
        np.testing.assert_allclose(one[stride], other[stride], rtol=1e-6)


def test_frameworks_are_found_by_their_modules():
    assert framework_names() == ["darknet", "detectron2", "mmdet", "reference", "torchvision", "yolov5"]
    for name in framework_names():
        anchors = FIFTEEN if len(load_detector(default_detector(name)).anchors.levels) == 5 else ANCHORS
        assert MARK in written(name, anchors).text[:1000]
        assert written(name, anchors).text.isascii()


def test_yolov5(tmp_path):
    snippet = written("yolov5", ANCHORS)
    assert yaml.safe_load(snippet.text) == {
        "anchors": [
            [10.25, 13, 16, 30.5, 33.33, 23],
            [30, 61, 62, 45, 59, 119],
            [116, 90, 156, 198, 373, 326],
        ]
    }
    model = textwrap.dedent(YOLOV5)
    before, after = model.index("anchors:"), model.index("backbone:")
    path = tmp_path / "model.yaml"
    path.write_text(model[:before] + snippet.text + model[after:])
    same(by_stride(load_detector(path)), made(snippet))
    assert made(snippet) == by_stride(lay_out(load_detector("yolov5"), ANCHORS))
    assert snippet.mean_iou is None


def test_darknet(tmp_path):
    anchors = [*ANCHORS, (8.0, 8.0)]  # one more: on the finest level
    snippet = written("darknet", anchors)
    text = "[net]\nwidth=608\nheight=608\n"
    body = "".join(line + "\n" for line in snippet.text.splitlines() if not line.startswith("#"))
    masks = {8: "0,1,2,3", 16: "4,5,6", 32: "7,8,9"}
    for stride, mask in masks.items():
        assert (
            f"# [yolo] of stride {stride}: mask={mask}; filters=(classes + 5) * {len(mask) // 2 + 1}\n"
            in (snippet.text)
        )
        step = 8 if stride == 8 else 2
        filters = (20 + 5) * (len(mask) // 2 + 1)  # 20 classes, unless the file says how many
        text += f"[convolutional]\nsize=3\nstride={step}\nfilters={filters}\n[yolo]\nmask={mask}\n{body}"
    (tmp_path / "yolo.cfg").write_text(text)
    same(by_stride(load_detector(tmp_path / "yolo.cfg")), made(snippet))
    assert snippet.mean_iou is None


MMDET = """
model = dict(type='RetinaNet',
    bbox_head=dict(type='RetinaHead', anchor_generator=anchor_generator),
    train_cfg=dict(assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0)))
train_pipeline = [dict(type='Resize', scale=(1333, 800), keep_ratio=True)]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
"""


@pytest.mark.parametrize(
    ("detector", "anchors"), [("mmdet-yolov3", ANCHORS), ("mmdet-retinanet_fpn", FIFTEEN)]
)
def test_mmdet(tmp_path, detector, anchors):
    snippet = written("mmdet", anchors, detector)
    ast.parse(snippet.text)
    (tmp_path / "config.py").write_text(snippet.text + MMDET)
    found = load_detector(tmp_path / "config.py")
    same(by_stride(found), made(snippet))
    exact = detector == "mmdet-yolov3"
    assert ("YOLOAnchorGenerator" in snippet.text) == exact
    assert (snippet.mean_iou is None) == exact
    offsets = {level.offset / level.stride for level in found.anchors.levels}
    assert offsets == ({0.5} if exact else {0.0})
    # In the order of the head's levels: that of YOLOv3 has the coarsest first.
    assert found.anchors.levels[0].stride == (32 if exact else 8)


def test_detectron2(tmp_path):
    snippet = written("detectron2", FIFTEEN)
    generator = yaml.safe_load(snippet.text)["MODEL"]["ANCHOR_GENERATOR"]
    assert {len(s) * len(r) for s, r in zip(generator["SIZES"], generator["ASPECT_RATIOS"], strict=True)} == {
        3
    }
    path = tmp_path / "rpn.yaml"
    path.write_text(
        snippet.text
        + "  META_ARCHITECTURE: ProposalNetwork\n  BACKBONE: {NAME: build_resnet_fpn_backbone}\n"
        + "  RPN: {IN_FEATURES: [p2, p3, p4, p5, p6]}\n"
    )
    same(by_stride(load_detector(path)), made(snippet))


def test_torchvision():
    snippet = written("torchvision", FIFTEEN)
    call = ast.parse(snippet.text).body[-1].value
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert [len(s) * len(r) for s, r in zip(given["sizes"], given["aspect_ratios"], strict=True)] == [3] * 5
    for level, sizes, ratios in zip(snippet.levels, given["sizes"], given["aspect_ratios"], strict=True):
        # AnchorGenerator.generate_anchors: half sides are rounded to whole pixels, half to even.
        sides = [(s / r**0.5, s * r**0.5) for r in ratios for s in sizes]
        assert sorted(level.anchors) == sorted((round(w / 2) * 2, round(h / 2) * 2) for w, h in sides)


def test_torchvision_takes_it():
    torchvision = pytest.importorskip("torchvision")
    names = {}
    snippet = written("torchvision", FIFTEEN)
    exec(snippet.text, names)
    assert torchvision.__version__
    cells = names["anchor_generator"].cell_anchors
    for level, base in zip(snippet.levels, cells, strict=True):
        sides = (base[:, 2:] - base[:, :2]).numpy()
        np.testing.assert_allclose(sorted(map(tuple, sides.tolist())), sorted(level.anchors), atol=1e-3)


@pytest.mark.parametrize(
    "detector", ["reference", "yolov5", "mmdet-retinanet_fpn", "torchvision-ssd300_vgg16"]
)
def test_reference_is_a_whole_detector(tmp_path, detector):
    snippet = written("reference", FIFTEEN, detector)
    (tmp_path / "mine.toml").write_text(snippet.text)
    found, old = load_detector(tmp_path / "mine.toml"), load_detector(detector)
    assert by_stride(found) == by_stride(lay_out(old, FIFTEEN)) == made(snippet)
    assert (found.resize, found.border, found.match, found.loss) == (
        old.resize,
        old.border,
        old.match,
        old.loss,
    )
    assert found.name == f"{detector}-clustered"
    # `scan --anchors` takes its shapes, too.
    file = read_anchors(tmp_path / "mine.toml")
    assert sorted(file.anchors) == sorted(FIFTEEN)
    assert file.input_size == {"reference": "960x720", "yolov5": "640"}.get(
        detector, "300x300" if "ssd" in detector else ""
    )


@pytest.mark.parametrize("framework", ["detectron2", "torchvision", "mmdet", "yolov5"])
def test_heads_take_equally_many_on_every_level(framework):
    detector = load_detector("yolov5")
    with pytest.raises(AnchorauditError, match="same number on every level") as error:
        require_divisible(framework, 10, detector)
    assert "--k 9 or --k 12" in error.value.remedy
    with pytest.raises(AnchorauditError, match="same number") as error:
        require_divisible(framework, 2, detector)
    assert "Ask for --k 3," in error.value.remedy


def never(levels):
    raise AssertionError(levels)


def test_a_product_is_found_exactly_where_there_is_one():
    six = OnLevel(8, tuple((s / r**0.5, s * r**0.5) for s in (32, 90) for r in (0.5, 1, 3)))
    three = OnLevel(16, ((10, 40), (20, 20), (40, 10)))
    (sizes, ratios), (one, several) = sizes_and_ratios([six, three], never)
    np.testing.assert_allclose(sizes, (32, 90))
    np.testing.assert_allclose(ratios, (0.5, 1, 3))
    np.testing.assert_allclose(one, (20,))
    np.testing.assert_allclose(several, (0.25, 1, 4))


def test_sizes_and_ratios_are_moved_to_what_the_judge_likes():
    level = OnLevel(8, ((10.0, 10.0), (20.0, 50.0), (45.0, 40.0)))
    wanted = [(15.0, 15.0), (30.0, 30.0), (60.0, 60.0)]

    def far(levels):
        return sum(
            abs(np.log(a) - np.log(b)).sum()
            for a, b in zip(np.sort(levels[0].anchors, axis=0), wanted, strict=True)
        )

    ((sizes, ratios),) = sizes_and_ratios([level], far)
    assert len(sizes) * len(ratios) == 3
    moved = [(s / r**0.5, s * r**0.5) for s in sizes for r in ratios]
    nearest = nearest_product([level.anchors])[1].distance
    assert nearest > 0.01
    assert far([OnLevel(8, tuple(moved))]) < far([level])


def test_all_levels_share_scales_and_ratios():
    levels = [
        OnLevel(b, tuple((b * s / r**0.5, b * s * r**0.5) for s in (1, 2) for r in (0.5, 2))) for b in (8, 16)
    ]
    bases, (scales, ratios) = bases_scales_ratios(levels, never)
    np.testing.assert_allclose(bases, (8 * 2**0.5, 16 * 2**0.5))
    np.testing.assert_allclose(scales, (2**-0.5, 2**0.5))
    np.testing.assert_allclose(ratios, (0.5, 2))


def test_a_product_over_levels_has_one_list_of_scales_and_ratios():
    levels = [[(b * s / r**0.5, b * s * r**0.5) for s in (1, 2) for r in (0.5, 2)] for b in (8, 16, 50)]
    bases, product = nearest_product(levels)
    root = 2**0.5
    np.testing.assert_allclose(bases, (8 * root, 16 * root, 50 * root))
    np.testing.assert_allclose(np.exp(np.sort(product.log_scales)), (1 / root, root))
    np.testing.assert_allclose(np.exp(np.sort(product.log_ratios)), (0.5, 2))
    assert product.distance < 1e-12


def test_what_is_lost_is_said():
    snippet = written("detectron2", FIFTEEN)
    assert "sizes x ratios" in snippet.remarks[0]
    assert f"{snippet.mean_iou:.4f} instead of 1.0000" in snippet.remarks[0]
    assert 0.5 < snippet.mean_iou < 1
    exact = export("detectron2", [(32.0, 32.0)], load_detector("detectron2-rpn_c4"), SIZES)
    assert (exact.mean_iou, exact.remarks) == (None, ())
