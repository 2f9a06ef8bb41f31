import msgspec

from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.spec import Loading
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    INF,
    NAN,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    moved,
    of_coco_files,
    raising,
)
from tests.loader_cases._coco import crowds, of_nameless, of_odd_values, of_pictures, stopping


def cases():
    mm = "mmdet-coco"
    yield from of_coco_files(mm, blank="no annotation of a listed category")
    yield raising(mm, "annotation without a box", BOXLESS)
    # The second class is not configured; an image that has no other box goes.
    dogs = data(GOOD, moved(GOOD, category=1), moved(SECOND, category=1), images=TWO)
    gone = {"no annotation of a listed category": 1}
    lost = {"category whose name the configuration lacks": 1, WITH_IMAGE: 1}
    yield case(mm, dogs, [0], [0], gone, lost, classes=Classes(names=("cat", "bird")))
    yield from of_pictures(mm, broken="AssertionError: failed to load image: 2.jpg")
    yield from of_nameless(mm)
    yield from of_odd_values(mm, areas=True, sizes=True)
    text = moved(SECOND, area=5.0, traits=BoxTrait.AREA_NOT_A_NUMBER)
    said = "TypeError: '<=' not supported between instances of 'str' and 'int'"
    yield stopping(mm, "an area that is no number", said, text)
    yield from crowds(mm, "ignored: crowd")
    null = moved(GOOD, traits=BoxTrait.ISCROWD_NOT_A_NUMBER | BoxTrait.ISCROWD_NULL)
    yield case(mm, data(GOOD, null), [0], [0, 1])
    ignored = {"annotation with `ignore`": 1}
    yield case(mm, data(GOOD, moved(GOOD, traits=BoxTrait.IGNORE)), [0], [0], dropped_boxes=ignored)
    # An image that goes for its lack of annotations is not asked for its size.
    blank = (Picture(), Picture(traits=ImageTrait.SIZE_NOT_A_NUMBER, stated=(NAN, NAN)))
    yield case(mm, data(GOOD, images=blank), [0], [0], {"no annotation of a listed category": 1})
    # Sizes are those that the file states: here, nothing is in the image, and it is too small.
    nothing = (Picture(), Picture(stated=(0, 0)))
    small, outside = {"a side below 32 pixels": 1}, {WITH_IMAGE: 1}
    yield case(mm, data(GOOD, SECOND, images=nothing), [0], [0], small, outside)
    # What does not overlap is skipped before its area is asked for; NaN overlaps nothing.
    outside = data(
        GOOD,
        Box(640, 5, 700, 50, area=NAN),
        Box(-9, 5, 0, 50),
        Box(5, 480, 50, 500),
        Box(5, 50, 50, 5),
        Box(NAN, 5, NAN, 50),
        Box(5, 5, 50, NAN),
    )
    yield case(mm, outside, [0], [0], dropped_boxes={"no overlap with the image": 6})
    # Boxes that overlap stay as they are: nothing is clipped here, infinite ones included.
    yield case(mm, data(Box(-50, -50, 900, 900), Box(5, 5, INF, 50)), [0], [0, 1])
    yield case(
        mm,
        data(GOOD, moved(GOOD, area=0), moved(GOOD, area=-1)),
        [0],
        [0],
        dropped_boxes={"declared area of 0 or less": 2},
    )
    # 0.13 + 1 - 0.13 is below 1, but the file says 1.
    sides = data(
        Box(0.13, 5, 0.13 + 1.0, 50), Box(5, 0.15, 50, 0.15 + 1.0), Box(5, 5, 5.99, 50), Box(5, 5, 50, 5.5)
    )
    yield case(mm, sides, [0], [0, 1], dropped_boxes={"a side below 1 pixel": 2})
    words = {"category that the file does not list": 1}
    yield case(mm, data(GOOD, moved(GOOD, category=-1, class_text="7")), [0], [0], dropped_boxes=words)
    yield case(mm, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"ignored: crowd": 1})
    # Images are filtered by annotations as such: one with a crowd or a box outside stays, without boxes.
    background = data(
        GOOD,
        moved(SECOND, crowd=True),
        Box(700, 5, 800, 50, image=2),
        moved(GOOD, image=3, category=-1, class_text="7"),
        images=(*TWO, Picture(), Picture(), Picture()),
    )
    yield case(
        mm,
        background,
        [0, 1, 2],
        [0],
        {"no annotation of a listed category": 2},
        {"no overlap with the image": 1, "ignored: crowd": 1, WITH_IMAGE: 1},
    )
    small = tuple(Box(1, 1, 20, 20, image=i) for i in range(3))
    sizes = (Picture(31, 480), Picture(640, 31.5), Picture(32, 32))
    yield case(mm, data(*small, images=sizes), [2], [2], {"a side below 32 pixels": 2}, {WITH_IMAGE: 2})
    # Other formats have no area of their own, and an unknown size asks nothing.
    yield case(mm, data(Box(5, 5, 9000, 50), images=[Picture(NAN, NAN)], format="yolo"), [0], [0])
    yield case(mm, data(GOOD, moved(GOOD, difficult=True), format="voc"), [0], [0, 1])
    yield from filtered(mm)


def filtered(mm):
    """Cases of `filter_cfg`: what a configuration may ask."""
    detector = load_detector("mmdet-yolox")  # filter_empty_gt=False, min_size=32
    images = (*TWO, Picture(31, 480), Picture(640, 3))
    boxes = data(GOOD, moved(SECOND, category=-1, class_text="7"), images=images)
    unlisted, small = {"category that the file does not list": 1}, {"a side below 32 pixels": 2}
    yield case(mm, boxes, [0, 1], [0], small, unlisted, detector=detector)
    # An image without annotations that stays is asked for its size.
    blank = data(GOOD, images=(Picture(), Picture(traits=ImageTrait.SIZE_NOT_A_NUMBER, stated=(NAN, NAN))))
    raised = {"the loader raises: a width or height that is no number": 1}
    yield case(mm, blank, [0], [0], raised, detector=detector)
    boxes = data(GOOD, Box(1, 1, 9, 9, image=2), Box(1, 1, 9, 3, image=3), images=(*images, Picture()))
    every = _asking(blank="kept", least_image_side=0)
    yield case(mm, boxes, [0, 1, 2, 3, 4], [0, 1, 2], detector=every)
    dropped = _asking(blank="dropped", least_image_side=0)
    gone = {"no annotation of a listed category": 2}
    yield case(mm, boxes, [0, 2, 3], [0, 1, 2], gone, detector=dropped)


def _asking(**values):
    """A detector whose configuration has another `filter_cfg`."""
    return msgspec.structs.replace(load_detector("mmdet-yolox"), loading=Loading(**values))
