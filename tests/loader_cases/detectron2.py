from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    NO_BOX,
    NO_SIZE,
    SECOND,
    TWO,
    UNKNOWN,
    Box,
    Picture,
    case,
    data,
    moved,
    of_coco_files,
    raising,
)


def cases():
    d2 = "detectron2"
    yield from of_coco_files(d2)
    yield raising(d2, "category that the file does not list", UNKNOWN)
    yield raising(d2, "annotation without a box", BOXLESS)
    yield case(d2, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    crowds = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(d2, crowds, [0], [0], {"no annotation": 1, "crowds only": 1}, {WITH_IMAGE: 1})
    # A crowd without a box never meets the mapper.
    yield case(d2, data(GOOD, Box(*NO_BOX, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    turned = data(Box(200, 300, 100, 100), Box(300, 40, 200, 50), Box(5, 60, 9, 50))
    yield case(
        d2,
        turned,
        [0],
        [0, 1, 2],
        moves={"corners put in order": 3},
        xyxy=[[100, 100, 200, 300], [200, 40, 300, 50], [5, 50, 9, 60]],
    )
    edges = data(Box(-5, -5, 5, 5), Box(640, 5, 650, 50), Box(9, 9, 9.000009, 50), Box(9, 9, 9.00002, 50))
    yield case(
        d2,
        edges,
        [0],
        [0, 3],
        dropped_boxes={"nothing of it inside the image": 2},
        moves={"clipped to the image": 1},
        xyxy=[[0, 0, 5, 5], [9, 9, 9.00002, 50]],
    )
    # An image that loses its only box to the mapper trains as background; NaN is above no side.
    yield case(
        d2,
        data(Box(NAN, 5, NAN, 50), Box(5, 5, 50, NAN)),
        [0],
        [],
        dropped_boxes={"nothing of it inside the image": 2},
    )
    voc = data(Box(1, 1, 640, 480), Box(0, 5, 10, 20, difficult=True), format="voc")
    yield case(
        d2,
        voc,
        [0],
        [0, 1],
        moves={"1 subtracted from x1 and y1": 2, "clipped to the image": 1},
        xyxy=[[0, 0, 640, 480], [0, 4, 10, 20]],
    )
    nameless = data(GOOD, moved(SECOND, category=-1), images=TWO, format="voc")
    unsized = data(GOOD, SECOND, images=NO_SIZE, format="voc")
    for words, dataset in (("object without a name", nameless), ("no usable size", unsized)):
        yield case(
            d2,
            dataset,
            [0],
            [0],
            {f"the loader raises: {words}": 1},
            {WITH_IMAGE: 1},
            {"1 subtracted from x1 and y1": 1},
            [[99, 99, 200, 200]],
        )
