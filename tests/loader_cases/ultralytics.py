from tests.loader_cases import NO_BOX, Box, case, moved
from tests.loader_cases._yolo import HUNDRED, PLAIN, file_of, yolo
from tests.loader_cases.ultralytics_8_3 import of_both
from tests.loader_cases.yolov5 import moved_lines, same_bounds

BELOW = "a label below -0.01, or a side below 0, or not a number"


def cases():
    name = "ultralytics"
    yield from of_both(name, BELOW)
    yield file_of(
        name, ["0 .5 .5 .2 -.005"], [Box(40, 50.25, 60, 49.75)], BELOW, "negative label values [ -0.005]"
    )
    words = "non-integer class labels [ 1.5]"
    fraction = moved(PLAIN, category=-1, class_text="1.5")
    yield file_of(name, ["1.5 .5 .5 .2 .2"], [fraction], "a class that is not a whole number", words)
    words = "non-integer class labels [ inf]"
    infinite = moved(PLAIN, category=-1, class_text="inf")
    yield file_of(name, ["inf .5 .5 .2 .2"], [infinite], "a class that is not a whole number", words)
    mixed = ["0 .5 .5 .25 .25", "0 .1 .1 .3 .1 .3 .3 .1 .3"]
    words = "labels mix segment and detection rows"
    yield file_of(name, mixed, [PLAIN, Box(10, 10, 30, 30)], "boxes among polygons", words)
    # Polygons with the same bounds are equal only if their points are.
    same = ["0 .1 .1 .3 .1 .3 .3 .1 .3", "0 .1 .1 .3 .1 .3 .3 .2 .3"]
    box = Box(10, 10, 30, 30)
    yield same_bounds(name, same, [box, box], [0, 1])
    yield same_bounds(name, [same[0], same[0]], [box, box], [0])
    # A row of one point is a polygon, too.
    images = (moved_lines(HUNDRED, [same[0], "0 .5 .75"]),)
    why = {"read as a polygon of its numbers": 1}
    loaded = [[10, 10, 30, 30], [50, 75, 50, 75]]
    yield case(name, yolo(box, Box(*NO_BOX), images=images), [0], [0, 1], moves=why, xyxy=loaded)
    # Blank lines and a byte-order mark are passed over.
    two = [PLAIN, moved(PLAIN, category=1)]
    yield file_of(name, ["\ufeff0 .5 .5 .2 .2", "", " ", "1 .5 .5 .2 .2"], two)
