from anchoraudit.dataset.columns import Category
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    INF,
    NAN,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    of_coco_files,
    raising,
)
from tests.loader_cases._coco import (
    FLAT_OF_FLOATS,
    FLAT_OF_INTEGERS,
    NO_LEN,
    TEXT_CLASS,
    crowds,
    of_odd_values,
    of_pictures,
    stopping,
)


def cases():
    tv = "torchvision"
    yield from of_coco_files(tv, later_box=True)
    yield raising(tv, "annotation without a box", BOXLESS)
    yield from of_pictures(tv)
    zero = "ZeroDivisionError: float division by zero"
    yield from of_odd_values(tv, areas=True, iscrowd=True, classes=True, sizes=True, zero=zero)
    yield from crowds(tv)
    # float("640") is a number.
    text = (Picture(traits=ImageTrait.SIZE_NOT_A_NUMBER),)
    yield case(tv, data(GOOD, images=text), [0], [0])
    # A listed id that is a text is as bad; one that the file does not list is not bad at all.
    named = data(GOOD, categories=(Category("a", "cat"),))
    yield case(
        tv,
        named,
        [],
        [],
        {"the loader raises: a category id that is a text": 1},
        {WITH_IMAGE: 1},
        words={0: TEXT_CLASS},
    )
    yield case(tv, data(moved(GOOD, category=-1, class_text="7")), [0], [0])
    # `getAnnIds` takes a text for a list of ids.
    letters = data(GOOD, SECOND, images=(Picture(), Picture(id="ab")))
    yield case(tv, letters, [0], [0], {"no annotation": 1}, {WITH_IMAGE: 1})
    bb = "TypeError: Argument 'bb' has incorrect type (expected numpy.ndarray, got list)"
    for reason, said, trait in (
        ("annotation without a segmentation", "KeyError: 'segmentation'", BoxTrait.NO_SEGMENTATION),
        ("an empty segmentation", "IndexError: list index out of range", BoxTrait.EMPTY_SEGMENTATION),
        ("a segmentation whose first polygon has four numbers", bb, BoxTrait.FOUR_NUMBERS),
        ("a segmentation that is no list of polygons", "", BoxTrait.FLAT_SEGMENTATION),
        ("a segmentation that is no list of polygons", NO_LEN.format("int"), FLAT_OF_INTEGERS),
        ("a segmentation that is no list of polygons", NO_LEN.format("float"), FLAT_OF_FLOATS),
        ("a segmentation that makes no mask", "", BoxTrait.NO_MASK),
        ("a segmentation that makes no mask", "", BoxTrait.BROKEN_RLE),
    ):
        yield stopping(tv, reason, said, moved(SECOND, traits=trait))
        # Nobody looks at the segmentation of a crowd.
        crowd = data(GOOD, moved(GOOD, crowd=True, traits=trait))
        yield case(tv, crowd, [0], [0], dropped_boxes={"crowd": 1})
    # Boxes are clipped to the image as stored, whatever the entry states.
    stored = (Picture(stored=(150, 480), orientation=6),)
    clipped = {"moves": {"clipped to the image": 1}, "xyxy": [[100, 100, 150, 200]], "files": facts(stored)}
    yield case(tv, data(GOOD, images=stored), [0], [0], **clipped)
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
