from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    GOOD,
    INF,
    NAN,
    NO_BOX,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    named,
    of_absent_images,
    of_odd_coordinates,
    of_voc_files,
    of_voc_names,
    voc_raising,
)

SAID = ("AssertionError: file named 2.jpg not found",) * 2
NO_INTEGER = "ValueError: invalid literal for int() with base 10"
CUT = "cut to integers, 1 subtracted from all four"
BACK = "every box has a side of 1 pixel or less at 640: all are put back"


def cases():
    yx = "yolox-voc"
    good = {"moves": {CUT: 1}, "xyxy": [[99, 99, 199, 199]]}
    yield from of_voc_files(yx, SAID, cut_off=False, **good)
    yield from of_absent_images(yx, SAID)
    decimals = data(Box(45.7, 46.2, 90.9, 95), format="voc")
    yield case(yx, decimals, [0], [0], moves={CUT: 1}, xyxy=[[44, 45, 89, 94]])
    for wrong in (NO_BOX, (5, 5, NAN, 50), (5, 5, INF, 50)):
        yield voc_raising(yx, "coordinate missing or not finite", Box(*wrong), **good)
    yield from of_odd_coordinates(yx, "coordinate missing or not finite", **good)
    odd = moved(GOOD, traits=BoxTrait.ODD_DIFFICULT)
    yield voc_raising(yx, "a <difficult> that is no integer", odd, **good)
    no_method = "AttributeError: 'NoneType' object has no attribute 'strip'"
    yield from of_voc_names(yx, no_method, **good)
    unknown = "its name is not in the list of classes"
    for name in ("unicorn", "Cat"):
        classes, strange = named("cat", name), moved(GOOD, category=1)
        yield voc_raising(yx, unknown, strange, categories=classes, said=f"KeyError: '{name}'", **good)
    kept = moved(GOOD, difficult=True, traits=BoxTrait.PADDED_NAME | BoxTrait.NO_TRUNCATED)
    yield case(yx, data(kept, format="voc"), [0], [0], **good)
    for picture, reason, words in (
        (
            Picture(declared=False),
            "no <size>",
            "AttributeError: 'NoneType' object has no attribute 'find'",
        ),
        (Picture(traits=ImageTrait.ODD_SIZE), "a <size> that is not two integers", NO_INTEGER),
        (Picture(stated=(0, 0)), "a <size> of 0", "ZeroDivisionError: division by zero"),
        (Picture(stated=(640, 0)), "a <size> of 0", "ZeroDivisionError: division by zero"),
    ):
        dataset = data(GOOD, SECOND, images=(Picture(), picture), format="voc")
        gone, said = {f"the loader raises: {reason}": 1}, {1: words} if words else {}
        yield case(yx, dataset, [0], [0], gone, {WITH_IMAGE: 1}, words=said, **good)
    # The boxes are scaled by the size that is stated, the image by its own.
    double = (Picture(stated=(1280, 960)),)
    moves = {CUT: 1, "scaled by the size that is stated, not the image's own": 1}
    yield case(
        yx, data(GOOD, images=double, format="voc"), [0], [0], moves=moves, xyxy=[[49.5, 49.5, 99.5, 99.5]]
    )
    # 1 pixel at 640 is 2 in an image of 1280; both limits go. An empty image stays.
    wide = (Picture(1280, 640), Picture())
    tiny = data(
        Box(1, 1, 101, 4), Box(1, 1, 101, 3), Box(1, 1, 3, 101), Box(90, 9, 9, 90), images=wide, format="voc"
    )
    small = {"a side of 1 pixel or less at 640": 3}
    yield case(yx, tiny, [0, 1], [0], dropped_boxes=small, moves={CUT: 1}, xyxy=[[0, 0, 100, 3]])
    # Without another box, all come back, inverted ones too, and training goes on with them.
    back = data(Box(90, 9, 9, 90), Box(9, 9, 9, 90), GOOD, images=TWO, format="voc")
    back.boxes.image[2] = 1
    xyxy = [[89, 8, 8, 89], [8, 8, 8, 89], [99, 99, 199, 199]]
    yield case(yx, back, [0, 1], [0, 1, 2], moves={CUT: 3}, xyxy=xyxy, stops={0: BACK})
    many = data(Box(9, 9, 9, 90), *[GOOD] * 121, format="voc")
    gone = {"a side of 1 pixel or less at 640": 1, "after the first 120 boxes": 1}
    yield case(
        yx,
        many,
        [0],
        list(range(1, 121)),
        dropped_boxes=gone,
        moves={CUT: 120},
        xyxy=[[99, 99, 199, 199]] * 120,
    )
    # At 640, a float32 far outside takes whole pixels: 10000001 becomes 10000000, and so does the rest.
    far = data(Box(1, 1, 20000002, 101), format="voc")
    moves = {CUT: 1, "far outside: rounded to float32": 1}
    yield case(yx, far, [0], [0], moves=moves, xyxy=[[0, 0, 20000000, 100]])
    # The image is turned by its EXIF orientation; the size that is stated is that of the file.
    turned = (Picture(480, 640, stated=(640, 480), orientation=6, stored=(640, 480)),)
    yield case(yx, data(GOOD, images=turned, format="voc"), [0], [0], files=facts(turned), **good)
    # At 640 the image of 1280x960 is halved; its boxes are doubled, as the size that is stated says.
    larger = (Picture(1280, 960, stated=(320, 240), stored=(1280, 960)),)
    enlarged = {CUT: 1, "scaled by the size that is stated, not the image's own": 1}
    yield case(
        yx, data(GOOD, images=larger, format="voc"), [0], [0],
        moves=enlarged, xyxy=[[396, 396, 796, 796]], files=facts(larger),
    )  # fmt: skip
    # Not VOC: coordinates stand.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(5.5, 5, 6.25, 50), format="yolo")
    yield case(yx, other, [0], [0], dropped_boxes={"a side of 1 pixel or less at 640": 1})
