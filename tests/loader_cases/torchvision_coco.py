from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    SECOND,
    TWO,
    WITHOUT_AREA,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    of_coco_files,
    raising,
)
from tests.loader_cases._coco import of_nameless, of_odd_values, of_pictures, of_text_ids

NO_TARGET = "an image without annotations has no boxes in its target"
NO_AREA = "the model asks for boxes with x2 > x1 and y2 > y1"


def cases():
    tv = "torchvision-coco"
    yield from of_coco_files(tv, last=(1, 2), blank="", later_box=True, sized=False, stops=NO_TARGET)
    yield raising(tv, "annotation without a box", BOXLESS)
    yield from of_pictures(tv)
    yield from of_nameless(tv)
    yield from of_text_ids(tv)
    yield from of_odd_values(tv, classes=True)
    # Nothing is dropped: no crowd, nothing outside, no unknown category, no annotation without an area.
    crowd = data(
        GOOD, moved(GOOD, crowd=True), moved(GOOD, category=-1, class_text="7"), Box(700, 5, 800, 50)
    )
    yield case(tv, crowd, [0], [0, 1, 2, 3])
    yield case(tv, WITHOUT_AREA, [0, 1], [0, 1])
    keyless = {"stops": {1: NO_TARGET}, "words": {1: "KeyError: 'boxes'"}}
    yield case(tv, data(GOOD, images=TWO), [0, 1], [0], **keyless)
    asserted = "AssertionError: All bounding boxes should have positive height and width."
    for x2, y2 in ((100, 200), (200, 90), (100.000001, 200)):
        flat = data(GOOD, SECOND, Box(100, 100, x2, y2, image=1), images=TWO)
        yield case(tv, flat, [0, 1], [0, 1, 2], stops={1: NO_AREA}, words={1: asserted})
    yield case(tv, data(Box(NAN, 5, NAN, 50)), [0], [0])
    # YOLO labels of a split without any are no annotations, either; the image is opened as stored.
    turned = (Picture(orientation=6), Picture())
    yolo = data(SECOND, images=turned, format="yolo")
    yield case(tv, yolo, [0, 1], [0], stops={0: NO_TARGET}, files=facts(turned))
