from anchoraudit.dataset.traits import BoxTrait
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    SECOND,
    TWO,
    UNKNOWN,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    of_coco_files,
    raising,
)
from tests.loader_cases._coco import crowds, of_odd_values, of_pictures, of_text_ids, stopping

CUT = "cut at the right or bottom edge, or a negative side made 0"
TO_ZERO = "moved to begin at 0, with its width and height"
THIN = "a side of 1 pixel or less at 640x640"
ALL_THIN = "every box has a side of 1 pixel or less at 640x640, so all are put back"


def cases():
    yx = "yolox-coco"
    yield from of_coco_files(yx, last=(1, 2), blank="", later_box=True)
    yield raising(yx, "annotation without a box", BOXLESS)
    yield raising(yx, "category that the file does not list", UNKNOWN)
    unknown = moved(SECOND, category=-1, class_text='"2"')
    yield stopping(yx, "category that the file does not list", "ValueError: '2' is not in list", unknown)
    name = "AssertionError: file named 2.jpg not found"
    yield from of_pictures(yx, name, name)
    # OpenCV reads what there is of a JPEG file, and of no other.
    ends = "truncated: the pixel data ends early"
    cut_off = (
        Picture(problem=ends),
        Picture(problem=ends),
        Picture(problem="truncated: the header ends early"),
    )
    read = data(GOOD, SECOND, moved(GOOD, image=2), images=cut_off)
    read.images.file_names = ["1.JPG", "2.png", "3.jpg"]
    unread = {"the loader raises: the image file cannot be read": 2}
    yield case(yx, read, [0], [0], unread, {"in an image that is dropped": 2}, files=facts(cut_off))
    yield from of_text_ids(yx)
    yield from of_odd_values(yx, areas=True, iscrowd=True, sizes=True)
    text = moved(SECOND, area=5.0, traits=BoxTrait.AREA_NOT_A_NUMBER)
    said = "TypeError: '>' not supported between instances of 'str' and 'int'"
    yield stopping(yx, "an area that is no number", said, text)
    yield from crowds(yx)
    zero, outside = "the entry states a width or height of 0", Picture(stated=(640, 0))
    yield stopping(yx, zero, "ZeroDivisionError: division by zero", second=outside)
    no_area = {"declared area of 0 or less": 2}
    flat = data(GOOD, moved(GOOD, area=0), moved(GOOD, area=-1))
    yield case(yx, flat, [0], [0], dropped_boxes=no_area)
    # No image goes. A box keeps its size when it is moved to begin at 0, and is cut only at the far edges.
    yield case(yx, data(GOOD, images=TWO), [0, 1], [0])
    moving = data(Box(-20, -30, 10, 20), Box(600, 400, 700, 500))
    yield case(
        yx, moving, [0], [0, 1], moves={TO_ZERO: 1, CUT: 1}, xyxy=[[0, 0, 30, 50], [600, 400, 640, 480]]
    )
    # A negative side becomes 0, which is too thin beside a good box; so is 1 pixel.
    thin = data(GOOD, Box(200, 5, 100, 50), Box(5, 5, 6, 50), Box(5, 5, 6.01, 50))
    yield case(yx, thin, [0], [0, 3], dropped_boxes={THIN: 2})
    after = data(GOOD, Box(641, 5, 700, 50), Box(NAN, 5, NAN, 50))
    yield case(yx, after, [0], [0], dropped_boxes={"it ends before it begins": 2})
    # A small image is enlarged: 1 pixel becomes 2. Of a large one, 2 pixels become one.
    for width, left in ((320, [0, 1]), (1280, [0])):
        sizes = data(
            GOOD, Box(5, 5, 6, 50) if width < 640 else Box(5, 5, 7, 50), images=(Picture(width, 240),)
        )
        gone = {} if len(left) == 2 else {THIN: 1}
        yield case(yx, sizes, [0], left, dropped_boxes=gone)
    dots = data(GOOD, Box(5, 5, 6, 50, image=1), Box(200, 5, 100, 50, image=1), images=TWO)
    back = {"moves": {CUT: 1}, "xyxy": [[100, 100, 200, 200], [5, 5, 6, 50], [200, 5, 200, 50]]}
    yield case(yx, dots, [0, 1], [0, 1, 2], stops={1: ALL_THIN}, **back)
    # The first 120 of those that are left.
    many = [Box(5, 5, 6, 50), *[GOOD] * 122]
    rows = list(range(1, 121))
    yield case(yx, data(*many), [0], rows, dropped_boxes={THIN: 1, "beyond the first 120 of its image": 2})
    # The image is turned before it is measured; boxes are scaled by the size that the file states.
    turned = (Picture(480, 640, stored=(640, 480), orientation=6), Picture(stated=(1280, 960)))
    scaled = {"scaled by the size that the file states, not the image's": 1}
    halved = [[100, 100, 200, 200], [50, 50, 100, 100]]
    both = data(GOOD, SECOND, images=turned)
    yield case(yx, both, [0, 1], [0, 1], moves=scaled, xyxy=halved, files=facts(turned))
    # A missing `iscrowd` of an image that is asked for nothing else.
    voc = data(GOOD, moved(GOOD, traits=BoxTrait.NO_DIFFICULT), format="voc")
    yield case(yx, voc, [0], [0, 1])
