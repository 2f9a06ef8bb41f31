from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    NO_BOX,
    NO_SIZE,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    moved,
    raising,
)


def cases():
    v5 = "yolov5"
    below, above = "a label below 0, or not a number", "a label above 1"
    yield case(v5, data(GOOD, SECOND, images=NO_SIZE), [0], [0], {"unknown image size": 1}, {WITH_IMAGE: 1})
    sizes = (Picture(9, 480), Picture(640, 9), Picture(10, 10))
    small = tuple(Box(1, 1, 5, 5, image=i) for i in range(3))
    yield case(v5, data(*small, images=sizes), [2], [2], {"a side below 10 pixels": 2}, {WITH_IMAGE: 2})
    # Images without labels stay, also those that lose theirs in the conversion.
    crowd = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(v5, crowd, [0, 1, 2], [0], dropped_boxes={"crowd": 1})
    # COCO's converter leaves out what has no area; a native label of no width is kept, one below 0 is not.
    flat = (GOOD, Box(5, 5, 5, 50), Box(5, 5, 50, 5), Box(50, 5, 5, 50), Box(5, 5, NAN, 50))
    yield case(v5, data(*flat), [0], [0], dropped_boxes={"no width or no height": 4})
    yield case(v5, data(*flat[:3], format="yolo"), [0], [0, 1, 2])
    inverted = data(GOOD, SECOND, Box(50, 5, 5, 50, image=1), images=TWO, format="yolo")
    yield case(v5, inverted, [0], [0], {below: 1}, {WITH_IMAGE: 2})
    # A box may cross an edge as long as its centre does not; beyond, its image goes with all its labels.
    left = data(Box(-49, 5, 51, 50), moved(SECOND), Box(-51, 5, 49, 50, image=1), images=TWO, format="yolo")
    yield case(v5, left, [0], [0], {below: 1}, {WITH_IMAGE: 2})
    right = data(Box(600, 5, 680, 50), SECOND, Box(600, 5, 681, 50, image=1), images=TWO)
    yield case(v5, right, [0], [0], {above: 1}, {WITH_IMAGE: 2})
    # As wide as the image is 1; float32 takes 1 + 1e-8 for 1, six digits of COCO's converter 1 + 4e-6.
    wide = data(Box(0, 5, 640, 50), Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO)
    yield case(v5, wide, [0, 1], [0, 2], dropped_boxes={"equal to an earlier label": 1})
    exact = data(Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO, format="yolo")
    yield case(v5, exact, [0], [0], {above: 1}, {WITH_IMAGE: 1})
    yield case(
        v5,
        data(GOOD, Box(5, 5, NAN, 50, image=1), images=TWO, format="yolo"),
        [0],
        [0],
        {below: 1},
        {WITH_IMAGE: 1},
    )
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
    yield case(v5, twins, [0, 1], [1, 3, 4, 6], dropped_boxes={"crowd": 1, "equal to an earlier label": 2})
    yield raising(v5, "annotation without a box", BOXLESS)
    minus = {"1 subtracted from the centre": 1}
    voc = data(moved(GOOD, difficult=True), GOOD, GOOD, Box(0, 5, 1, 50, image=1), images=TWO, format="voc")
    yield case(
        v5,
        voc,
        [0],
        [1],
        {below: 1},
        {"difficult": 1, "equal to an earlier label": 1, WITH_IMAGE: 1},
        minus,
        [[99, 99, 199, 199]],
    )
    for words, wrong in (
        ("object without a name", moved(SECOND, category=-1)),
        ("object without a box", Box(*NO_BOX, image=1)),
    ):
        yield case(
            v5,
            data(GOOD, wrong, images=TWO, format="voc"),
            [0],
            [0],
            {f"the loader raises: {words}": 1},
            {WITH_IMAGE: 1},
            minus,
            [[99, 99, 199, 199]],
        )
