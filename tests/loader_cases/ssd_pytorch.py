from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    GOOD,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    moved,
    named,
    of_absent_images,
    of_voc_files,
    of_voc_names,
    voc_raising,
)

SAID = ("AttributeError: 'NoneType' object has no attribute 'shape'",) * 2
NAN_LOSS = "x2 <= x1 or y2 <= y1: the encoding is NaN or infinite"


def cases():
    ssd = "ssd-pytorch"
    good = {"moves": {"1 subtracted from all four": 1}, "xyxy": [[99, 99, 199, 199]]}
    yield from of_voc_files(ssd, SAID, cut_off=False, **good)
    yield from of_absent_images(ssd, SAID)
    decimal = Box(45.5, 46.5, 90, 90, traits=BoxTrait.NOT_AN_INTEGER)
    words = "ValueError: invalid literal for int() with base 10: '45.5'"
    yield voc_raising(ssd, "a coordinate that is no integer", decimal, said=words, **good)
    no_text = "AttributeError: 'NoneType' object has no attribute 'text'"
    yield voc_raising(
        ssd, "object without <difficult>", moved(GOOD, traits=BoxTrait.NO_DIFFICULT), said=no_text, **good
    )
    yield voc_raising(
        ssd, "a <difficult> that is no integer", moved(GOOD, traits=BoxTrait.ODD_DIFFICULT), **good
    )
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    yield from of_voc_names(ssd, no_method, **good)
    unknown = "its name, lowered, is not in the list of classes"
    strange, classes = moved(GOOD, category=1), named("cat", "Unicorn")
    yield voc_raising(ssd, unknown, strange, categories=classes, said="KeyError: 'unicorn'", **good)
    # How the list of a user's own spells "Nut", nobody knows.
    own = data(strange, format="voc", categories=named("bolt", "Nut"))
    whole = "KeyError: 'nut', if its list of classes says 'Nut'"
    yield case(ssd, own, [0], [0], whole=whole, **good)
    folded = data(moved(GOOD, traits=BoxTrait.PADDED_NAME), format="voc", categories=named("CAT"))
    yield case(ssd, folded, [0], [0], **good)
    difficult = moved(GOOD, difficult=True)
    beside = data(
        GOOD,
        moved(difficult, category=-1),
        moved(difficult, traits=BoxTrait.OTHER_DIFFICULT),
        format="voc",
    )
    both = {"moves": {"1 subtracted from all four": 2}, "xyxy": [[99, 99, 199, 199]] * 2}
    yield case(ssd, beside, [0], [0, 2], dropped_boxes={"difficult": 1}, **both)
    nothing = "no object, or difficult ones only"
    words = "IndexError: too many indices for array: array is 1-dimensional, but 2 were indexed"
    yield voc_raising(ssd, nothing, said=words, **good)
    only = data(GOOD, moved(SECOND, difficult=True), images=TWO, format="voc")
    yield case(ssd, only, [0], [0], {f"the loader raises: {nothing}": 1}, {WITH_IMAGE: 1}, **good)
    # The logarithm of a width of 0 is infinite, that of a negative one NaN. A box beyond the edge is fine.
    for corners in ((50, 50, 50, 60), (50, 60, 60, 60), (60, 50, 50, 60), (50, 60, 60, 50)):
        odd = data(GOOD, Box(*corners, image=1), Box(630, 9, 700, 99), images=TWO, format="voc")
        x1, y1, x2, y2 = corners
        xyxy = [[99, 99, 199, 199], [x1 - 1, y1 - 1, x2 - 1, y2 - 1], [629, 8, 699, 98]]
        moves = {"1 subtracted from all four": 3}
        yield case(ssd, odd, [0, 1], [0, 1, 2], moves=moves, xyxy=xyxy, stops={1: NAN_LOSS})
    other = data(Box(5.5, 5, 50, 50, difficult=True), images=(Picture(),), format="yolo")
    yield case(ssd, other, [0], [0])
