from anchoraudit.dataset.traits import BoxTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    GOOD,
    NAN,
    NO_BOX,
    SECOND,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    named,
    of_absent_images,
    of_voc_files,
    of_voc_names,
    voc_raising,
)

SAID = ("FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'", "OSError: not an image")
NOT_IN_TUPLE = "ValueError: tuple.index(x): x not in tuple"


def cases():
    sf = "simple-faster-rcnn"
    good = {"moves": {"1 subtracted from all four": 1}, "xyxy": [[99, 99, 199, 199]]}
    yield from of_voc_files(sf, SAID, **good)
    yield from of_absent_images(sf, SAID)
    cut = "a coordinate that is no integer"
    said = "ValueError: invalid literal for int() with base 10: '{}'"
    no = BoxTrait.NOT_AN_INTEGER
    # It reads ymin before xmin. Of numbers that are all whole, the first is named.
    for box, words in (
        (Box(45.5, 46.5, 90, 90, traits=no), said.format("46.5")),
        (Box(45.5, 46, 90, 90, traits=no), said.format("45.5")),
        (Box(45, 46, 90, 90, traits=no), said.format("46.0")),
        (Box(*NO_BOX, traits=no | BoxTrait.NOT_A_NUMBER), ""),
    ):
        yield voc_raising(sf, cut, box, said=words, **good)
    no_text = "AttributeError: 'NoneType' object has no attribute 'text'"
    yield voc_raising(
        sf, "object without <difficult>", moved(GOOD, traits=BoxTrait.NO_DIFFICULT), said=no_text, **good
    )
    yield voc_raising(
        sf, "a <difficult> that is no integer", moved(GOOD, traits=BoxTrait.ODD_DIFFICULT), **good
    )
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    yield from of_voc_names(sf, no_method, **good)
    unknown = "its name, lowered, is not in the list of classes"
    yield voc_raising(
        sf, unknown, moved(GOOD, category=1), categories=named("cat", "unicorn"), said=NOT_IN_TUPLE, **good
    )
    # How the list of a user's own spells "Nut", nobody knows.
    own = data(moved(GOOD, category=1), format="voc", categories=named("bolt", "Nut"))
    whole = "ValueError: tuple.index(x): x not in tuple, if its list of classes says 'Nut'"
    yield case(sf, own, [0], [0], whole=whole, **good)
    # Of the 20 names, "Cat" and " cat " are found.
    folded = data(moved(GOOD, traits=BoxTrait.PADDED_NAME), format="voc", categories=named("Cat"))
    yield case(sf, folded, [0], [0], **good)
    # What is not read of a difficult object raises nothing. 2 is not 1.
    difficult = moved(GOOD, difficult=True)
    beside = data(
        GOOD,
        moved(difficult, x1=0.5, category=-1, traits=no),
        moved(difficult, traits=BoxTrait.OTHER_DIFFICULT),
        format="voc",
    )
    both = {"moves": {"1 subtracted from all four": 2}, "xyxy": [[99, 99, 199, 199]] * 2}
    yield case(sf, beside, [0], [0, 2], dropped_boxes={"difficult": 1}, **both)
    nothing = "no object, or difficult ones only"
    words = "ValueError: need at least one array to stack"
    yield voc_raising(sf, nothing, said=words, **good)
    only = data(GOOD, moved(SECOND, difficult=True), images=(Picture(), Picture()), format="voc")
    gone = ({f"the loader raises: {nothing}": 1}, {WITH_IMAGE: 1})
    yield case(sf, only, [0], [0], *gone, words={1: words}, **good)
    # Inverted boxes, and those beyond the edges, stay. The image is seen as stored, whatever is stated.
    odd = data(Box(50, 50, 5, 60), Box(600, 50, 700, 60), Box(9, 9, 9, 9), format="voc")
    moves = {"1 subtracted from all four": 3}
    kept = [[49, 49, 4, 59], [599, 49, 699, 59], [8, 8, 8, 8]]
    yield case(sf, odd, [0], [0, 1, 2], moves=moves, xyxy=kept)
    turned = (Picture(480, 640, orientation=6, stored=(640, 480)),)
    yield case(sf, data(GOOD, images=turned, format="voc"), [0], [0], files=facts(turned), **good)
    # Not VOC: coordinates stand, nothing is difficult.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(NAN, 5, 90, 50), format="yolo")
    yield case(sf, other, [0], [0, 1])
