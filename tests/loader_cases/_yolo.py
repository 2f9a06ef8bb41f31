"""Cases that the loaders of YOLO label files share, with what each of them says."""

from dataclasses import replace

from anchoraudit.dataset.columns import Category
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
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
    facts,
    moved,
    raising,
)

EQUAL = "equal to an earlier label"
MINUS = "1 subtracted from the centre"
STOCK = (Category(1, "cat"), Category(2, "dog"), Category(3, "zebra"))
INDICES = (Category(0, "a"), Category(1, "b"))
HUNDRED = Picture(100, 100)
QUARTER = Box(37.5, 37.5, 62.5, 62.5)  # 0 .5 .5 .25 .25
PLAIN = Box(40, 40, 60, 60)  # 0 .5 .5 .2 .2 of 100 x 100 pixels


def yolo(*boxes, **more):
    """A YOLO data set of two classes. The first of two images has a plain label."""
    return replace(data(*boxes, format="yolo", **{"categories": INDICES} | more), class_count=2)


def file_of(loader, lines, boxes, reason="", words="", xyxy=None, why=""):
    """A case of a label file, after that of a good image: dropped for a reason, or kept as `xyxy`."""
    own = [moved(box, image=1) for box in boxes]
    dataset = yolo(moved(PLAIN), *own, images=(HUNDRED, replace(HUNDRED, lines=tuple(lines))))
    if reason:
        gone = {WITH_IMAGE: len(boxes)} if boxes else {}
        return case(loader, dataset, [0], [0], {reason: 1}, gone, words={1: words})
    rows = list(range(len(own) + 1))
    wanted = [[40, 40, 60, 60], *xyxy] if xyxy else None
    return case(loader, dataset, [0, 1], rows, moves={why: len(own)} if why else None, xyxy=wanted)


def of_images(loader, *, size="(480, 9)"):
    """Cases of image files."""
    unsized = data(GOOD, SECOND, images=NO_SIZE, format="yolo")
    yield case(loader, unsized, [0], [0], {"unknown image size": 1}, {WITH_IMAGE: 1})
    sizes = (Picture(9, 480), Picture(640, 9), Picture(10, 10))
    small = tuple(Box(1, 1, 5, 5, image=i) for i in range(3))
    yield case(
        loader,
        data(*small, images=sizes, format="yolo"),
        [2],
        [2],
        {"a side below 10 pixels": 2},
        {WITH_IMAGE: 2},
        words={0: f"image size {size} <10 pixels"},
    )
    absent = (Picture(), Picture(present=False))
    reason = "no image file: its labels are never read"
    yield case(
        loader,
        yolo(GOOD, SECOND, images=absent),
        [0],
        [0],
        {reason: 1},
        {WITH_IMAGE: 1},
        files=facts(absent),
    )
    unread = (Picture(), Picture(problem="not an image that training loads", stored=(NAN, NAN)))
    broken = yolo(GOOD, SECOND, images=unread)
    yield case(
        loader, broken, [0], [0], {"broken image file": 1}, {WITH_IMAGE: 1}, files=facts(unread),
        words={1: "not an image that training loads"},
    )  # fmt: skip
    apart = (Picture(), Picture(traits=ImageTrait.LABELS_ELSEWHERE))
    yield case(
        loader,
        yolo(GOOD, SECOND, images=apart),
        [0, 1],
        [0],
        dropped_boxes={"label file where it is not looked for": 1},
    )
    named = yolo(GOOD, SECOND, images=TWO)
    named.images.file_names[1] = "2.ppm"
    yield case(loader, named, [0], [0], {"image file with a suffix that is not read": 1}, {WITH_IMAGE: 1})
    # Fractions of the image, which is opened upright.
    turned = (Picture(400, 200, orientation=6, stored=(400, 200)),)
    yield case(
        loader,
        data(Box(100, 60, 300, 180), images=turned, format="voc"),
        [0],
        [0],
        moves={MINUS: 1, "scaled from the stated size to that of the image": 1},
        xyxy=[[49.5, 118, 149.5, 358]],
        files=facts(turned),
    )


def of_label_files(loader, *, columns="labels require 5 columns, 4 columns detected"):
    """Cases of label files that are no rows of five numbers, the same for every version."""
    text = ["0 .5 .5 .2 .2", "dog .5 .5 .2 .2"]
    words = "could not convert string to float: 'dog'"
    yield file_of(loader, text, [PLAIN, PLAIN], "label that is not a number", words)
    ragged = (
        "setting an array element with a sequence. The requested array has an inhomogeneous shape after 1 "
        "dimensions. The detected shape was (2,) + inhomogeneous part."
    )
    two = [PLAIN, Box(*NO_BOX)]
    reason = "rows with different numbers of columns"
    yield file_of(loader, ["0 .5 .5 .2 .2", "0 .5 .5 .2"], two, reason, ragged)
    yield file_of(loader, ["0 .5 .5 .2 .2", "0 .5 .5 .2 .2 .9"], two, reason, ragged)
    yield file_of(loader, ["0 .5 .5 .2"], [Box(*NO_BOX)], "rows without five columns", columns)
    latin = "'utf-8' codec can't decode byte 0xe9 in position 14: invalid continuation byte"
    byte = ["0 .5 .5 .2 .2 \udce9t"]
    yield file_of(loader, byte, [Box(*NO_BOX)], "label file that is not UTF-8 text", latin)
    half = ["0 .1 .1 .2 .2 .3 .3 .4 .4 .5"]
    words = "cannot reshape array of size 9 into shape (2)"
    yield file_of(loader, half, [Box(*NO_BOX)], "polygon with half a point", words)
    point = ["0 .1 .1 .2 .2 .3 .3 .4 .4", "0"]
    words = "zero-size array to reduction operation minimum which has no identity"
    yield file_of(loader, point, two, "row without columns or points", words)
    # Two points, of which the second is right of and below the first: an area, other than the box's.
    far = ["0 .1 .1 .5 .1 .5 .5 .1 .5"]
    yield file_of(loader, far, [Box(10, 10, 50, 50)])


def of_conversion(loader, *, code, lacking, equal=EQUAL):
    """Cases of COCO and Pascal VOC, the same for every version.

    code: the format code for image ids. lacking: "raises" where an annotation without a box or a class
    raises. equal: the reason of a box that equals an earlier one.
    """
    crowd = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(loader, crowd, [0, 1, 2], [0], dropped_boxes={"crowd": 1})
    flat = (GOOD, Box(5, 5, 5, 50), Box(5, 5, 50, 5), Box(50, 5, 5, 50))
    yield case(loader, data(*flat), [0], [0], dropped_boxes={"no width or no height": 3})
    for words, wrong, key in (
        ("annotation without a box", Box(*NO_BOX, image=1), "bbox"),
        ("annotation without a class", moved(SECOND, category=-1), "category_id"),
    ):
        both = data(GOOD, wrong, images=TWO)
        if lacking == "raises":
            yield replace(raising(loader, words, both), words={1: f"KeyError: '{key}'"})
        else:
            yield case(loader, both, [0, 1], [0], dropped_boxes={words: 1})
    text = data(GOOD, moved(SECOND, category=-1, class_text='"2"'), images=TWO)
    yield raising(loader, "category id that is not a number", text)
    named = data(GOOD, SECOND, images=(Picture(), Picture(id="a")))
    yield replace(
        raising(loader, "image id that is not a number", named),
        words={1: f"ValueError: Unknown format code '{code}' for object of type 'str'"},
    )
    unsized = data(GOOD, SECOND, images=(Picture(), Picture(stated=(640, NAN)), Picture(stated=(NAN, NAN))))
    yield case(
        loader,
        unsized,
        [0, 2],  # no label is written of an image without annotations
        [0],
        {"the loader raises: no width and height in the image's entry": 1},
        {WITH_IMAGE: 1},
        words={1: "KeyError: 'height'"},
    )
    text = data(GOOD, SECOND, images=(Picture(), Picture(traits=ImageTrait.SIZE_NOT_A_NUMBER)))
    yield raising(loader, "a width or height of the image that is not a number", text)
    odd = data(GOOD, Box(*NO_BOX, image=1, traits=BoxTrait.BBOX_NOT_FOUR_NUMBERS), images=TWO)
    yield raising(loader, "a box that is not four numbers", odd)
    same = data(GOOD, SECOND, images=(Picture(id=5), Picture(id=5)))
    reason = {"a later image has its id, and gets its boxes": 1}
    yield case(loader, same, [1], [0], reason, {equal: 1})
    # Seven digits are more than "%g" writes.
    long = data(GOOD, moved(SECOND, x1=50), images=(Picture(id=1234561), Picture(id=1234562)))
    if code == "g":
        yield case(loader, long, [1], [0, 1], reason)
    else:
        yield case(loader, long, [0, 1], [0, 1])
    # The stated size divides, the true one multiplies.
    other = (Picture(640, 480, stated=(1280, 480)),)
    scaled = {"scaled from the stated size to that of the image": 1}
    yield case(loader, data(GOOD, images=other), [0], [0], moves=scaled, xyxy=[[50, 100, 100, 200]])
    # Pascal VOC.
    objects = (moved(GOOD, difficult=True), GOOD)
    minus = {MINUS: 1}
    shifted = [[99, 99, 199, 199]]
    voc = data(*objects, format="voc")
    yield case(loader, voc, [0], [1], dropped_boxes={"difficult": 1}, moves=minus, xyxy=shifted)
    padded = moved(GOOD, traits=BoxTrait.PADDED_NAME)
    empty = moved(GOOD, category=-1, traits=BoxTrait.EMPTY_NAME)
    other = moved(GOOD, x1=101, traits=BoxTrait.OTHER_DIFFICULT, difficult=True)  # neither 0 nor 1
    objects = (GOOD, moved(GOOD, category=2), padded, empty, other, moved(GOOD, category=1))
    unlisted = data(*objects, format="voc", categories=STOCK)
    reason = {"a class that is not in the list of names": 3}
    loaded = [*shifted, [100, 99, 199, 199], *shifted]
    yield case(loader, unlisted, [0], [0, 4, 5], dropped_boxes=reason, moves={MINUS: 3}, xyxy=loaded)
    own = (Category(1, "raccoon"), Category(2, "Zebra"))
    kept = data(GOOD, moved(GOOD, category=1), format="voc", categories=own)
    yield case(loader, kept, [0], [0, 1], moves={MINUS: 2}, xyxy=shifted * 2)
    none_text = "AttributeError: 'NoneType' object has no attribute 'text'"
    none_find = "AttributeError: 'NoneType' object has no attribute 'find'"
    for words, says, wrong, picture in (
        ("object without a name", none_text, moved(SECOND, category=-1), Picture()),
        ("object without a box", none_find, Box(*NO_BOX, image=1), Picture()),
        (
            "a coordinate that is missing or not a number",
            "",
            moved(SECOND, traits=BoxTrait.NOT_A_NUMBER),
            Picture(),
        ),
        ("difficult is not a whole number", "", moved(SECOND, traits=BoxTrait.ODD_DIFFICULT), Picture()),
        (
            "a stated size that is not a whole number",
            "",
            SECOND,
            Picture(stated=(NAN, NAN), traits=ImageTrait.ODD_SIZE),
        ),
        (
            "object without a difficult element",
            none_text,
            moved(SECOND, traits=BoxTrait.NO_DIFFICULT),
            Picture(),
        ),
        ("a stated size of 0", "ZeroDivisionError: float division by zero", SECOND, Picture(stated=(0, 0))),
        ("no size element", none_find, SECOND, Picture(stated=(NAN, NAN))),
        (
            "a stated size that is not a whole number",
            "ValueError: invalid literal for int() with base 10: '640.5'",
            SECOND,
            Picture(stated=(640.5, 480)),
        ),
    ):
        both = data(GOOD, wrong, images=(Picture(), picture), format="voc")
        yield replace(raising(loader, words, both), moves=minus, xyxy=shifted, words={1: says})
    # A size of 0 does not matter to an object that is left out, nor does <difficult>.
    left_out = moved(SECOND, category=2, traits=BoxTrait.NO_DIFFICULT)
    zero = (Picture(), Picture(stated=(0, 0)))
    yield case(
        loader, data(GOOD, left_out, images=zero, format="voc", categories=STOCK), [0, 1], [0],
        dropped_boxes={"a class that is not in the list of names": 1}, moves=minus, xyxy=shifted,
    )  # fmt: skip
    lost = (Picture(), Picture(id="b", traits=ImageTrait.LISTED | ImageTrait.NO_LABEL_FILE))
    yield case(
        loader,
        data(GOOD, images=lost, format="voc"),
        [0],
        [0],
        {"the loader raises: no XML file": 1},
        moves=minus,
        xyxy=shifted,
        words={1: "FileNotFoundError: [Errno 2] No such file or directory: 'b.xml'"},
    )

    # The class is the category id minus 1; COCO 2017's own 80 ids are numbered without gaps.
    ids = [i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]
    coco = tuple(Category(i, str(i)) for i in ids)
    yield case(loader, data(GOOD, moved(GOOD, category=79), categories=coco), [0], [0, 1])


ZERO = (Category(0, "a"), Category(1, "b"))
BELOW_ZERO = data(moved(GOOD, category=1), SECOND, images=TWO, categories=ZERO)  # the second has id 0
GAP = (Category(1, "a"), Category(5, "b"))
BEYOND = data(GOOD, moved(SECOND, category=1), images=TWO, categories=GAP)  # id 5, but two names
