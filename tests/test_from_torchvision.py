"""Detectors from torchvision models in memory: plain attributes, so plain objects stand in for them."""

import math
import subprocess
import sys
from types import SimpleNamespace as Plain

import pytest

from anchoraudit.detectors import Detector, load_detector
from anchoraudit.errors import AnchorauditError

from_torchvision = Detector.from_torchvision
BLOCKS = ("resize", "anchors", "border", "match", "loss", "labels")


class Tensor:
    def __init__(self, values):
        self.values = values

    def tolist(self):
        return self.values


def matcher(high, low, ties=True):
    return Plain(high_threshold=high, low_threshold=low, allow_low_quality_matches=ties)


def transform(short=(800,), longest=1333, fixed=None, divisor=32):
    return Plain(min_size=short, max_size=longest, fixed_size=fixed, size_divisible=divisor)


def faster_rcnn(sizes, ratios=(0.5, 1.0, 2.0), **how):
    generator = Plain(sizes=sizes, aspect_ratios=(ratios,) * len(sizes))
    rpn = Plain(anchor_generator=generator, proposal_matcher=matcher(0.7, 0.3))
    return Plain(transform=transform(**how), rpn=rpn)


def retinanet():
    sizes = tuple((x, int(x * 2 ** (1 / 3)), int(x * 2 ** (2 / 3))) for x in (32, 64, 128, 256, 512))
    generator = Plain(sizes=sizes, aspect_ratios=((0.5, 1.0, 2.0),) * 5)
    return Plain(transform=transform(), anchor_generator=generator, proposal_matcher=matcher(0.5, 0.4))


def ssd(side, scales, ratios, steps):
    pairs = []
    for k, level in enumerate(ratios):
        s, middle = scales[k], math.sqrt(scales[k] * scales[k + 1])
        rows = [[s, s], [middle, middle]]
        for r in level:
            rows += [[s * math.sqrt(r), s / math.sqrt(r)], [s / math.sqrt(r), s * math.sqrt(r)]]
        pairs.append(Tensor(rows))
    generator = Plain(_wh_pairs=pairs, steps=steps, clip=True, scales=scales, aspect_ratios=ratios)
    return Plain(
        transform=transform((side,), side, (side, side), 1),
        anchor_generator=generator,
        proposal_matcher=matcher(0.5, 0.5, ties=False),
        neg_to_pos_ratio=3.0,
    )


def fcos(sizes=((8,), (16,), (32,), (64,), (128,)), radius=1.5, **how):
    generator = Plain(sizes=sizes, aspect_ratios=((1.0,),) * len(sizes))
    return Plain(transform=transform(**how), anchor_generator=generator, center_sampling_radius=radius)


SSD300 = ssd(
    300, [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
    [8, 16, 32, 64, 100, 300],
)  # fmt: skip
SSDLITE = ssd(320, [0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0], [[2, 3]] * 6, None)
FPN = ((32,), (64,), (128,), (256,), (512,))
MOBILE = ((32, 64, 128, 256, 512),) * 3


@pytest.mark.parametrize(
    ("model", "preset"),
    [
        (faster_rcnn(FPN), "torchvision-fasterrcnn_resnet50_fpn"),
        (faster_rcnn(MOBILE, short=(320,), longest=640), "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn"),
        (retinanet(), "torchvision-retinanet_resnet50_fpn"),
    ],
)
def test_the_models_are_the_presets(model, preset):
    detector, other = from_torchvision(model), load_detector(preset)
    for block in BLOCKS:
        assert getattr(detector, block) == getattr(other, block)
    assert (detector.name, detector.framework) == ("SimpleNamespace", "torchvision")


@pytest.mark.parametrize(
    ("model", "preset"), [(SSD300, "torchvision-ssd300_vgg16"), (SSDLITE, "torchvision-ssdlite320")]
)
def test_ssd(model, preset):
    detector, other = from_torchvision(model), load_detector(preset)
    for block in ("resize", "border", "match", "loss", "labels"):
        assert getattr(detector, block) == getattr(other, block)
    mine, theirs = detector.anchors, other.anchors
    assert [(a.stride, a.offset) for a in mine.levels] == [(b.stride, b.offset) for b in theirs.levels]
    assert (mine.units, mine.spacing, mine.precision) == (theirs.units, theirs.spacing, theirs.precision)
    assert mine.shapes == pytest.approx(theirs.shapes)


def test_fcos_is_the_preset():
    detector, other = from_torchvision(fcos()), load_detector("torchvision-fcos_resnet50_fpn")
    for block in ("anchors", "points", "border", "match", "loss", "labels"):
        assert getattr(detector, block) == getattr(other, block)
    assert str(detector.resize) == str(other.resize)


def test_fcos_with_other_sizes():
    twice = tuple((2 * stride,) for stride in (8, 16, 32, 64, 128))
    match = from_torchvision(fcos(twice, radius=2.0)).match
    assert match.ranges == ((0, 128), (128, 256), (256, 512), (512, 1024), (1024, 1e8))
    assert match.radius == 4  # in strides; the radius is in sizes
    detector = from_torchvision(fcos(((4,), (8,)), short=(600,)), strides=(4, 8))
    assert detector.strides == (4, 8)
    assert detector.match.ranges == ((0, 32), (32, 1e8))
    assert detector.resize.side == 600


def test_strides_can_be_given():
    model = faster_rcnn((Tensor([16, 32]),), short=(600, 480))
    with pytest.raises(AnchorauditError, match="strides of 1 levels"):
        from_torchvision(model)
    detector = from_torchvision(model, strides=(16,))
    assert [(level.stride, level.sizes) for level in detector.anchors.levels] == [(16, (16, 32))]
    assert detector.resize.side == 600
    assert "600, 480" in detector.notes[0]
    with pytest.raises(AnchorauditError, match="2 strides"):
        from_torchvision(model, strides=(16, 32))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (None, "has no anchor_generator"),
        (
            Plain(transform=transform(), anchor_generator=Plain(sizes=FPN)),
            "no proposal_matcher, and no center",
        ),
        (fcos(sizes=((8,), (16,))), "strides of 2 levels"),
        (fcos(sizes=((8,), (16,), (32,), (64,), (100,))), "not the same share"),
        (fcos(sizes=((),) * 5), "cannot be read"),
        (fcos(radius=-1), "radius is -1"),
        (Plain(anchor_generator=Plain(), proposal_matcher=matcher(0.5, 0.4)), "has no transform"),
        (
            Plain(transform=transform(), anchor_generator=Plain(), proposal_matcher=matcher(0.5, 0.4)),
            "no attribute 'sizes'",
        ),
        (faster_rcnn(FPN, ratios=(0.0,)), "ratios must be above 0"),
        (faster_rcnn(FPN, short=(0,)), "side"),
    ],
)
def test_what_is_no_detector_is_refused(model, words):
    with pytest.raises(AnchorauditError, match=words):
        from_torchvision(model)


def test_torch_is_not_imported():
    code = (
        "import sys, anchoraudit.detectors, anchoraudit.detectors.models.torchvision; "
        "print({'torch', 'numpy', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
