from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import GOOD, NO_BOX, SECOND, TWO, Box, Picture, case, facts, moved
from tests.loader_cases._yolo import (
    BELOW_ZERO,
    BEYOND,
    HUNDRED,
    PLAIN,
    QUARTER,
    file_of,
    of_conversion,
    of_images,
    of_label_files,
    yolo,
)
from tests.loader_cases.yolov5 import mixed_case, ragged, same_bounds

BELOW, ABOVE = "a label below -0.01, or not a number", "a coordinate above 1.01, or not a number"
BEYOND_NAMES = "a class beyond the names"
TWO_NAMES = "exceeds dataset class count 2. Possible class labels are 0-1"


def of_both(loader, below):
    """Cases of both versions of Ultralytics. below: the reason of a value below the limit."""
    yield from of_images(loader)
    yield from of_label_files(loader)
    yield from of_conversion(loader, code="d", lacking="raises")
    # One percent beyond the image is taken.
    edge = yolo(
        Box(-1.9, 40, 0, 60),
        Box(100.4, 40, 101.4, 60),
        Box(101, 40, 101.6, 60, image=1),
        images=(HUNDRED,) * 2,
    )
    words = {1: "non-normalized or out of bounds coordinates [ 1.013]"}
    yield case(loader, edge, [0], [0, 1], {ABOVE: 1}, {WITH_IMAGE: 1}, words=words)
    yield case(
        loader, yolo(PLAIN, Box(-4, 40, 0, 60, image=1), images=(HUNDRED,) * 2), [0], [0], {below: 1},
        {WITH_IMAGE: 1},
    )  # fmt: skip
    yield file_of(
        loader, ["0 nan .5 .2 .2"], [Box(*NO_BOX)], ABOVE, "non-normalized or out of bounds coordinates []"
    )
    yield case(loader, yolo(GOOD, moved(GOOD, category=1), GOOD), [0], [0, 1], dropped_boxes={
        "equal to an earlier label": 1,
    })  # fmt: skip
    yield case(loader, BELOW_ZERO, [0], [0], {below: 1}, {WITH_IMAGE: 1})
    words = {1: f"Label class 4 {TWO_NAMES}"}
    yield case(loader, BEYOND, [0], [0], {BEYOND_NAMES: 1}, {WITH_IMAGE: 1}, words=words)
    words = {1: f"Label class 2 {TWO_NAMES}"}
    unknown = yolo(GOOD, moved(SECOND, category=-1, class_text="2"), images=TWO)
    yield case(loader, unknown, [0], [0], {BEYOND_NAMES: 1}, {WITH_IMAGE: 1}, words=words)
    cut = (Picture(), Picture(problem="truncated: there is no end-of-image marker"))
    gone = {"broken image file": 1}
    yield case(loader, yolo(GOOD, SECOND, images=cut), [0], [0], gone, {WITH_IMAGE: 1}, files=facts(cut))


def cases():
    name = "ultralytics-8.3"
    yield from of_both(name, BELOW)
    # A side may be a little below 0 as well.
    yield file_of(name, ["0 .5 .5 .2 -.005"], [Box(40, 50.25, 60, 49.75)])
    words = "negative class labels or coordinate [ -0.02]"
    yield file_of(name, ["0 .5 .5 .2 -.02"], [Box(40, 51, 60, 49)], BELOW, words)
    yield file_of(name, ["1.5 .5 .5 .2 .2"], [moved(PLAIN, category=-1, class_text="1.5")])
    words = "cannot convert float infinity to integer"
    infinite = moved(PLAIN, category=-1, class_text="inf")
    yield file_of(name, ["inf .5 .5 .2 .2"], [infinite], BEYOND_NAMES, words)
    mixed = ["0 .5 .5 .25 .25", "0 .1 .1 .3 .1 .3 .3 .1 .3"]
    yield mixed_case(name, mixed, [QUARTER, Box(10, 10, 30, 30)])
    same = ["0 .1 .1 .3 .1 .3 .3 .1 .3", "0 .1 .1 .3 .1 .3 .3 .2 .3"]
    yield same_bounds(name, same, [Box(10, 10, 30, 30)] * 2, [0])
    two = [PLAIN, moved(PLAIN, category=1)]
    reason = "rows with different numbers of columns"
    yield file_of(name, ["0 .5 .5 .2 .2", " ", "1 .5 .5 .2 .2"], two, reason, ragged(3))
    mark = "could not convert string to float: '\\ufeff0'"
    yield file_of(name, ["\ufeff0 .5 .5 .2 .2"], [PLAIN], "label that is not a number", mark)
