from anchoraudit.dataset.traits import BoxTrait
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

SAID = (
    "AssertionError: Path does not exist: 2.jpg",
    "PIL.UnidentifiedImageError: cannot identify image file '2.jpg'",
)
ONE, WRAP = "1 subtracted from all four", "cut to uint16: no fraction, and -1 is 65535"
STOP = "inverted: its targets are NaN or infinite"
FLIP = "inverted when mirrored in uint16"


def cases():
    pf = "py-faster-rcnn"
    good = {"moves": {ONE: 1}, "xyxy": [[99, 99, 199, 199]]}
    yield from of_voc_files(pf, SAID, cut_off=False, **good)
    yield from of_absent_images(pf, SAID)
    # A box that begins at 0 begins at 65535, and its width is negative.
    for corners, held in (
        ((0, 9, 50, 50), [65535, 8, 49, 49]),
        ((9, 0, 50, 50), [8, 65535, 49, 49]),
        ((-70000, -69999.5, 50, 50), [61071, 61072, 49, 49]),
    ):
        dataset = data(GOOD, Box(*corners, image=1), images=TWO, format="voc")
        moves, xyxy = {ONE: 2, WRAP: 1}, [[99, 99, 199, 199], held]
        yield case(pf, dataset, [0, 1], [0, 1], moves=moves, xyxy=xyxy, stops={1: STOP})
    # Wholly at the left: no number is negative in uint16, and nothing stops.
    left = data(Box(-49, 9, -19, 50), format="voc")
    yield case(pf, left, [0], [0], moves={ONE: 1, WRAP: 1}, xyxy=[[65486, 8, 65516, 49]])
    # Fractions go after 1 is subtracted: 0.5 becomes 0, not 65535.
    cut = data(Box(0.5, 1.75, 50.9, 60), format="voc")
    yield case(pf, cut, [0], [0], moves={ONE: 1, WRAP: 1}, xyxy=[[0, 0, 49, 59]])
    # The last pixel of a 1-based box is 640; one more is past the edge. A box of no width has one pixel here.
    edges = data(Box(1, 1, 640, 480), Box(9, 9, 9, 9), Box(9, 9, 99, 999), format="voc")
    xyxy = [[0, 0, 639, 479], [8, 8, 8, 8], [8, 8, 98, 998]]
    yield case(pf, edges, [0], [0, 1, 2], moves={ONE: 3}, xyxy=xyxy)
    words = "append_flipped_images: AssertionError (boxes[:, 2] >= boxes[:, 0]).all()"
    for corners in ((1, 1, 641, 480), (50, 5, 40, 50), (1, 1, 10000001, 50)):
        wrapped = {ONE: 1}
        yield voc_raising(pf, FLIP, Box(*corners), moves=wrapped, xyxy=good["xyxy"], said=words)
    # Inverted from top to bottom passes the mirror. At a scale of 1.25, -1 + 1 is below 0; at 0.5 it is not.
    for size, stops in (((640, 480), {0: STOP}), ((1200, 1200), {})):
        upside = data(Box(9, 50, 90, 49), images=(Picture(*size),), format="voc")
        yield case(pf, upside, [0], [0], moves={ONE: 1}, xyxy=[[8, 49, 89, 48]], stops=stops)
    # At most 1000 pixels: 200 x 2000 is made smaller, too.
    upside = data(Box(9, 50, 90, 49), images=(Picture(200, 2000),), format="voc")
    yield case(pf, upside, [0], [0], moves={ONE: 1}, xyxy=[[8, 49, 89, 48]])
    no_text = "AttributeError: 'NoneType' object has no attribute 'text'"
    yield voc_raising(
        pf, "object without <difficult>", moved(GOOD, traits=BoxTrait.NO_DIFFICULT), said=no_text, **good
    )
    yield voc_raising(
        pf, "a <difficult> that is no integer", moved(GOOD, traits=BoxTrait.ODD_DIFFICULT), **good
    )
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    yield from of_voc_names(pf, no_method, **good)
    unknown = "its name, lowered, is not in the list of classes"
    strange, classes = moved(GOOD, category=1), named("cat", "Unicorn")
    yield voc_raising(pf, unknown, strange, categories=classes, said="KeyError: 'unicorn'", **good)
    # How the list of a user's own spells "Nut", nobody knows.
    own = data(strange, format="voc", categories=named("bolt", "Nut"))
    whole = "KeyError: 'nut', if its list of classes says 'Nut'"
    yield case(pf, own, [0], [0], whole=whole, **good)
    folded = data(moved(GOOD, traits=BoxTrait.PADDED_NAME), format="voc", categories=named("CAT"))
    yield case(pf, folded, [0], [0], **good)
    for wrong in (NO_BOX, (5, 5, NAN, 50), (5, 5, INF, 50), (5, 5, 1e19, 50)):
        yield voc_raising(pf, "coordinate missing, not finite, or above 2^63", Box(*wrong), **good)
    yield from of_odd_coordinates(pf, "coordinate missing, not finite, or above 2^63", **good)
    # 2 is not 0. An image without an object, or with difficult ones only, goes.
    twice = moved(SECOND, difficult=True, traits=BoxTrait.OTHER_DIFFICULT)
    hard = data(GOOD, moved(GOOD, difficult=True, category=-1), twice, images=(*TWO, Picture()), format="voc")
    gone = {"no object, or difficult ones only": 2}
    yield case(pf, hard, [0], [0], gone, {"difficult": 1, "in an image that is dropped": 1}, **good)
    # It mirrors at the width as stored, whatever the XML file states.
    wide = (Picture(stated=(320, 480), stored=(640, 480)),)
    dataset = data(Box(9, 9, 600, 99), images=wide, format="voc")
    yield case(pf, dataset, [0], [0], moves={ONE: 1}, xyxy=[[8, 8, 599, 98]], files=facts(wide))
    # Not VOC: 1 is not subtracted.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(0, 5, 50, 50), format="yolo")
    yield case(pf, other, [0], [0, 1], moves={WRAP: 1}, xyxy=[[5, 5, 50, 50], [0, 5, 50, 50]])
