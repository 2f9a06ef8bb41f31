from dataclasses import replace
from pathlib import Path

from anchoraudit.dataset.declared import ClassEntry, DeclaredClasses, Stated
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
    named,
    of_coco_files,
    of_voc_files,
    raising,
    voc_raising,
)
from tests.loader_cases._coco import crowds, of_odd_values, of_pictures, of_text_ids, stopping


def cases():
    kr = "keras-retinanet"
    yield from of_coco_files(kr, last=(1, 2), blank="", later_box=True)
    yield raising(kr, "category that the file does not list", UNKNOWN)
    yield raising(kr, "annotation without a box", BOXLESS)
    yield case(kr, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    yield from of_pictures(kr)
    yield from of_text_ids(kr)
    zero = "ZeroDivisionError: float division by zero"
    yield from of_odd_values(kr, iscrowd=True, sizes=True, zero=zero)
    yield from crowds(kr)
    unknown = moved(SECOND, category=-1, class_text='"2"')
    yield stopping(kr, "category that the file does not list", "KeyError: '2'", unknown)
    # Below 1 pixel goes first, whatever its category; 1 pixel stays.
    thin = data(
        Box(0.13, 5, 0.13 + 1.0, 50),
        Box(5, 0.15, 50, 0.15 + 1.0),
        Box(5, 5, 5.9, 50, category=-1, class_text="7"),
        Box(50, 5, 5, 50),
    )
    yield case(kr, thin, [0], [0, 1], dropped_boxes={"a side below 1 pixel": 2})
    # The whole of the image is allowed, a thousandth of a pixel more is not. No image goes.
    edges = data(
        Box(0, 0, 640, 480),
        Box(-0.001, 5, 50, 50),
        Box(5, -1, 50, 50),
        Box(5, 5, 640.001, 50),
        Box(5, 5, 50, 481, image=1),
        images=TWO,
    )
    yield case(
        kr,
        edges,
        [0, 1],
        [0],
        dropped_boxes={"over the left or top edge": 2, "over the right or bottom edge": 2},
    )
    # NaN fails no comparison, so that what becomes NaN in the loss is kept.
    yield case(kr, data(Box(NAN, 5, NAN, 50), Box(5, 5, 50, NAN)), [0], [0, 1])
    flat = data(Box(5, 5, 5, 50), Box(5, 50, 50, 40), format="yolo")
    yield case(kr, flat, [0], [], dropped_boxes={"x2 <= x1 or y2 <= y1": 2})
    unknown = data(Box(5, 5, 9000, 50), images=[Picture(NAN, NAN)], format="yolo")
    yield case(kr, unknown, [0], [0])
    yield from voc_cases(kr)


def voc_cases(kr):
    # A VOC box that begins at 0 begins at -1; the last pixel of a 1-based box is inside.
    voc = data(
        Box(1, 1, 641, 481),
        Box(0, 5, 50, 50),
        Box(5, 0.5, 50, 50),
        Box(5, 5, 641.5, 50),
        Box(9, 9, 50, 50, difficult=True),
        format="voc",
    )
    yield case(
        kr,
        voc,
        [0],
        [0, 4],
        dropped_boxes={"over the left or top edge": 2, "over the right or bottom edge": 1},
        moves={"1 subtracted from all four": 2},
        xyxy=[[0, 0, 640, 480], [8, 8, 49, 49]],
    )
    good = {"moves": {"1 subtracted from all four": 1}, "xyxy": [[99, 99, 199, 199]]}
    said = ("FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'", "OSError: not an image")
    yield from of_voc_files(kr, said, **good)
    start = "ValueError: invalid annotations file: 2.xml: could not parse object #1: "
    unread = BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER
    for reason, wrong, words in (
        (
            "object without <truncated>",
            moved(GOOD, traits=BoxTrait.NO_TRUNCATED),
            "missing element 'truncated'",
        ),
        ("a <truncated> that is no integer", moved(GOOD, traits=BoxTrait.ODD_TRUNCATED), None),
        (
            "object without <difficult>",
            moved(GOOD, traits=BoxTrait.NO_DIFFICULT),
            "missing element 'difficult'",
        ),
        ("a <difficult> that is no integer", moved(GOOD, traits=BoxTrait.ODD_DIFFICULT), None),
        ("object without a name", moved(GOOD, category=-1), None),
        (
            "its name is not in the list of classes",
            moved(GOOD, category=1),
            "class name 'Dog' not found in classes",
        ),
        ("its name is not in the list of classes", moved(GOOD, traits=BoxTrait.PADDED_NAME), None),
        ("a coordinate that is missing or no number", Box(5, NAN, 50, 50, traits=unread), None),
        (
            "a coordinate that is missing or no number",
            Box(NAN, NAN, NAN, NAN, traits=unread | BoxTrait.NO_BNDBOX),
            "missing element 'bndbox'",
        ),
    ):
        told = None if words is None else start + words
        classes = named("cat", "Dog")
        yield voc_raising(kr, reason, GOOD, wrong, categories=classes, said=told, **good)
    # A table with a class that its classes.csv lacks.
    listed = (ClassEntry(Stated("0", 1, 0), Stated("cat", 1, "cat")),)
    table = replace(
        data(GOOD, moved(SECOND, category=1), images=TWO, format="table"),
        declared_classes=DeclaredClasses(Path("classes.csv"), "rows", listed),
    )
    words = "ValueError: invalid CSV annotations file: .json: unknown class name: 'dog'"
    yield raising(kr, "its class is not in classes.csv", table, said=words)
    # "nan" and decimals are numbers; nothing is inside or outside with NaN.
    nan = data(Box(5, NAN, 50, 50, traits=BoxTrait.NOT_AN_INTEGER), format="voc")
    yield case(kr, nan, [0], [0], moves={"1 subtracted from all four": 1}, xyxy=[[4, NAN, 49, 49]])
    # The limits are those of the image as stored, whatever the XML file states.
    wide = (Picture(stated=(0, 0), stored=(150, 480), orientation=6),)
    dataset = data(GOOD, Box(5, 5, 151, 50), images=wide, format="voc")
    gone, kept = {"over the right or bottom edge": 1}, {"1 subtracted from all four": 1}
    yield case(
        kr,
        dataset,
        [0],
        [1],
        dropped_boxes=gone,
        moves=kept,
        xyxy=[[4, 4, 150, 49]],
        files=facts(wide),
    )
