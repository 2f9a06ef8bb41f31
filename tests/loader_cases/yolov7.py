from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import GOOD, NO_BOX, SECOND, TWO, Box, Picture, case, data, facts, moved
from tests.loader_cases._yolo import (
    BELOW_ZERO,
    BEYOND,
    PLAIN,
    QUARTER,
    file_of,
    of_conversion,
    of_images,
    of_label_files,
    yolo,
)
from tests.loader_cases.yolov5 import mixed_case, ragged

BELOW, ABOVE, COLUMNS = (
    "a label below 0, or not a number",
    "a coordinate above 1",
    "labels require 5 columns each",
)


def cases():
    v7 = "yolov7"
    yield from of_images(v7, size="(9, 480)")
    yield from of_label_files(v7, columns=COLUMNS)
    yield from of_conversion(v7, code="g", lacking="box", equal="equal to an earlier box")
    inverted = yolo(GOOD, Box(50, 5, 5, 50, image=1), images=TWO)
    yield case(v7, inverted, [0], [0], {BELOW: 1}, {WITH_IMAGE: 1}, words={1: "negative labels"})
    right = yolo(GOOD, Box(600, 5, 681, 50, image=1), images=TWO)
    words = {1: "non-normalized or out of bounds coordinate labels"}
    yield case(v7, right, [0], [0], {ABOVE: 1}, {WITH_IMAGE: 1}, words=words)
    # Equal labels drop their image, unless the converter left them out.
    twins = yolo(GOOD, SECOND, SECOND, images=TWO)
    words = {1: "duplicate labels"}
    yield case(v7, twins, [0], [0], {"equal labels": 1}, {WITH_IMAGE: 2}, words=words)
    yield case(v7, data(GOOD, GOOD), [0], [0], dropped_boxes={"equal to an earlier box": 1})
    yield case(v7, BELOW_ZERO, [0], [0], {BELOW: 1}, {WITH_IMAGE: 1})
    words = {1: "train.py AssertionError: Label class 4 exceeds nc=2. Possible class labels are 0-1"}
    yield case(v7, BEYOND, [0, 1], [0, 1], stops={1: "a class beyond the names"}, words=words)
    # Polygons have more than eight columns.
    yield file_of(v7, ["0 .1 .1 .3 .1 .3 .3"], [Box(10, 10, 30, 30)], "rows without five columns", COLUMNS)
    yield file_of(v7, ["0 .5 .5 .2 .2 .9"], [Box(*NO_BOX)], "rows without five columns", COLUMNS)
    mixed = ["0 .5 .5 .25 .25", "0 .1 .1 .3 .1 .3 .3 .1 .3"]
    yield mixed_case(v7, mixed, [QUARTER, Box(10, 10, 30, 30)])
    # Every blank line between rows is a row without columns.
    two = [PLAIN, moved(PLAIN, category=1)]
    reason = "rows with different numbers of columns"
    yield file_of(v7, ["0 .5 .5 .2 .2", "", "1 .5 .5 .2 .2"], two, reason, ragged(3))
    # A truncated JPEG is kept, another file is not.
    cut = (Picture(), Picture(problem="truncated: there is no end-of-image marker"))
    yield case(v7, yolo(GOOD, SECOND, images=cut), [0, 1], [0, 1], files=facts(cut))
