from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import GOOD, NO_BOX, SECOND, TWO, Box, Picture, case, data, facts, moved
from tests.loader_cases._yolo import (
    BELOW_ZERO,
    BEYOND,
    EQUAL,
    HUNDRED,
    PLAIN,
    QUARTER,
    file_of,
    of_conversion,
    of_images,
    of_label_files,
    yolo,
)

BELOW, ABOVE = "a label below 0, or not a number", "a coordinate above 1"
COLUMNS = "labels require 5 columns, 6 columns detected"


def cases():
    v5 = "yolov5"
    yield from of_images(v5, size="(9, 480)")
    yield from of_label_files(v5)
    yield from of_conversion(v5, code="g", lacking="box")
    # A native label of no width is kept, one below 0 is not.
    flat = (GOOD, Box(5, 5, 5, 50), Box(5, 5, 50, 5))
    yield case(v5, yolo(*flat), [0], [0, 1, 2])
    inverted = yolo(GOOD, SECOND, Box(50, 5, 5, 50, image=1), images=TWO)
    yield case(v5, inverted, [0], [0], {BELOW: 1}, {WITH_IMAGE: 2}, words={
        1: "negative label values [ -0.070312]",
    })  # fmt: skip
    # A box may cross an edge as long as its centre does not; beyond, its image goes with all its labels.
    left = yolo(Box(-49, 5, 51, 50), moved(SECOND), Box(-51, 5, 49, 50, image=1), images=TWO)
    yield case(v5, left, [0], [0], {BELOW: 1}, {WITH_IMAGE: 2})
    right = data(Box(600, 5, 680, 50), SECOND, Box(600, 5, 681, 50, image=1), images=TWO)
    yield case(v5, right, [0], [0], {ABOVE: 1}, {WITH_IMAGE: 2}, words={
        1: "non-normalized or out of bounds coordinates [ 1.0008]",
    })  # fmt: skip
    # As wide as the image is 1; float32 takes 1 + 1e-8 for 1, six digits of COCO's converter 1 + 4e-6.
    wide = data(Box(0, 5, 640, 50), Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO)
    yield case(v5, wide, [0, 1], [0, 2], dropped_boxes={EQUAL: 1})
    exact = yolo(Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO)
    yield case(v5, exact, [0], [0], {ABOVE: 1}, {WITH_IMAGE: 1})
    yield file_of(v5, ["0 nan .5 .2 .2"], [Box(*NO_BOX)], BELOW, "negative label values []")
    yield file_of(v5, ["0 .5 .5 .2 -1e-20"], [PLAIN], BELOW, "negative label values [ -1e-20]")
    # Equal: of one image and class, to the last digit; what was left out before is nobody's twin.
    twins = data(
        moved(GOOD, crowd=True),
        GOOD,
        GOOD,
        moved(GOOD, category=1),
        moved(GOOD, x1=100.01),
        GOOD,
        SECOND,
        images=TWO,
    )
    yield case(v5, twins, [0, 1], [1, 3, 4, 6], dropped_boxes={"crowd": 1, EQUAL: 2})
    # Classes. Id 0 becomes -1. Beyond the names, train.py stops.
    yield case(
        v5, BELOW_ZERO, [0], [0], {BELOW: 1}, {WITH_IMAGE: 1}, words={1: "negative label values [ -1]"}
    )
    stop = {1: "a class beyond the names"}
    words = {1: "train.py AssertionError: Label class 4 exceeds nc=2. Possible class labels are 0-1"}
    yield case(v5, BEYOND, [0, 1], [0, 1], stops=stop, words=words)
    words = {1: "train.py AssertionError: Label class 2 exceeds nc=2. Possible class labels are 0-1"}
    unknown = moved(SECOND, category=-1, class_text="2")
    yield case(v5, yolo(GOOD, unknown, images=TWO), [0, 1], [0, 1], stops=stop, words=words)
    negative = moved(SECOND, category=-1, class_text="-1")
    yield case(v5, yolo(GOOD, negative, images=TWO), [0], [0], {BELOW: 1}, {WITH_IMAGE: 1})
    fraction = moved(PLAIN, category=-1, class_text="1.5")
    yield file_of(v5, ["1.5 .5 .5 .2 .2"], [fraction])
    # A box among polygons is a polygon of two points.
    mixed = ["0 .5 .5 .25 .25", "0 .1 .1 .3 .1 .3 .3 .1 .3"]
    boxes = [QUARTER, Box(10, 10, 30, 30)]
    yield mixed_case(v5, mixed, boxes)
    yield file_of(v5, ["0 .1 .1 .3 .1 .3 .3"], [Box(10, 10, 30, 30)])
    yield file_of(v5, ["0 .5 .5 .2 .2 .9"], [Box(*NO_BOX)], "rows without five columns", COLUMNS)
    # A line of white space is a row without columns; an empty one is none. A byte-order mark is no number.
    spaces = ["0 .5 .5 .2 .2", " ", "1 .5 .5 .2 .2"]
    two = [PLAIN, moved(PLAIN, category=1)]
    yield file_of(v5, spaces, two, "rows with different numbers of columns", ragged(3))
    yield file_of(v5, ["0 .5 .5 .2 .2", "", "1 .5 .5 .2 .2"], two)
    mark = "could not convert string to float: '\\ufeff0'"
    yield file_of(v5, ["\ufeff0 .5 .5 .2 .2"], [PLAIN], "label that is not a number", mark)
    # Polygons with the same bounds are equal rows.
    same = ["0 .1 .1 .3 .1 .3 .3 .1 .3", "0 .1 .1 .3 .1 .3 .3 .2 .3"]
    twins = [Box(10, 10, 30, 30)] * 2
    yield same_bounds(v5, same, twins, [0])
    # A truncated JPEG is decoded, and so refused.
    cut = (Picture(), Picture(problem="truncated: there is no end-of-image marker"))
    gone = {"broken image file": 1}
    yield case(v5, yolo(GOOD, SECOND, images=cut), [0], [0], gone, {WITH_IMAGE: 1}, files=facts(cut))


def ragged(rows):
    """What NumPy says of rows of different lengths."""
    return (
        "setting an array element with a sequence. The requested array has an inhomogeneous shape after 1 "
        f"dimensions. The detected shape was ({rows},) + inhomogeneous part."
    )


def mixed_case(loader, lines, boxes):
    """A case of a box of .25 .25 at .5 .5 among polygons."""
    images = (moved_lines(HUNDRED, lines),)
    loaded = [[25, 25, 50, 50], [10, 10, 30, 30]]
    why = {"read as a polygon of its numbers": 1}
    return case(loader, yolo(*boxes, images=images), [0], [0, 1], moves=why, xyxy=loaded)


def same_bounds(loader, lines, boxes, kept):
    """A case of polygons with the same bounds."""
    images = (moved_lines(HUNDRED, lines),)
    gone = {EQUAL: 2 - len(kept)} if len(kept) < 2 else {}
    return case(loader, yolo(*boxes, images=images), [0], kept, dropped_boxes=gone)


def moved_lines(picture, lines):
    """The picture, with these lines of its label file."""
    return moved(picture, lines=tuple(lines))
