from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    INF,
    NAN,
    SECOND,
    TWO,
    WITHOUT_AREA,
    Box,
    Picture,
    case,
    data,
    moved,
    of_coco_files,
    raising,
)


def cases():
    tv = "torchvision"
    yield from of_coco_files(tv, later_box=True)
    yield raising(tv, "annotation without a box", BOXLESS)
    yield raising(tv, "annotation without an area", WITHOUT_AREA)
    # A crowd is gone before anyone looks at its area.
    yield case(tv, data(GOOD, moved(GOOD, crowd=True, area=NAN)), [0], [0], dropped_boxes={"crowd": 1})
    yield case(tv, data(GOOD, images=TWO), [0], [0], {"no annotation": 1})
    # One side of 1 pixel is enough, for each box: wide or tall. Above 1 on both sides, and the image stays.
    thin = (Box(1.03, 5, 1.03 + 1.0, 300, image=1), Box(5, 1.07, 300, 1.07 + 1.0, image=1))
    words = "every box has a side of 1 pixel or less"
    yield case(tv, data(GOOD, *thin, images=TWO), [0], [0], {words: 1}, {WITH_IMAGE: 2})
    wider = Box(0, 5, 1.01, 300, image=1)
    yield case(tv, data(GOOD, *thin, wider, images=TWO), [0, 1], [0, 1, 2, 3])
    # A crowd keeps its image, which then trains as background.
    crowd = data(GOOD, moved(SECOND, crowd=True), images=TWO)
    yield case(tv, crowd, [0, 1], [0], dropped_boxes={"crowd": 1})
    over = data(Box(-10, 400, 700, 500), Box(640, 0, 700, 50), Box(50, 50, 50, 90), Box(90, 50, 50, 90))
    yield case(
        tv,
        over,
        [0],
        [0],
        dropped_boxes={"nothing of it inside the image": 3},
        moves={"clipped to the image": 1},
        xyxy=[[0, 400, 640, 480]],
    )
    # NaN is no side of 1 pixel or less, so the image stays; and nothing of it is inside.
    yield case(
        tv,
        data(Box(NAN, 5, NAN, 300), Box(5, NAN, 50, NAN)),
        [0],
        [],
        dropped_boxes={"nothing of it inside the image": 2},
    )
    yield case(
        tv, data(Box(5, 5, INF, 300)), [0], [0], moves={"clipped to the image": 1}, xyxy=[[5, 5, 640, 300]]
    )
    # Where the size is not known, the right and the bottom edge are not, either.
    yield case(
        tv,
        data(Box(-5, 5, 9000, 300), images=[Picture(NAN, NAN)], format="yolo"),
        [0],
        [0],
        moves={"clipped to the image": 1},
        xyxy=[[0, 5, 9000, 300]],
    )
    # VOC data as they stand: no offset, and difficult objects like others.
    yield case(tv, data(GOOD, moved(GOOD, difficult=True), format="voc"), [0], [0, 1])
