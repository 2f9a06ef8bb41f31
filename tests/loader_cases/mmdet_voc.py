from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import GOOD, INF, NAN, NO_BOX, SECOND, TWO, Box, Picture, case, data, moved


def cases():
    mm = "mmdet-voc"
    cut = {"cut to integers, 1 subtracted from all four": 1}
    yield case(
        mm,
        data(Box(0.9, 1.2, 40.7, 50), format="voc"),
        [0],
        [0],
        moves=cut,
        xyxy=[[-1, 0, 39, 49]],
    )
    # 32 pixels are asked of the cut coordinates, of the width as of the height.
    limits = data(
        Box(1, 1, 33, 33), Box(1.9, 1, 33.1, 40), Box(1, 1, 32.9, 40), Box(1, 1, 40, 32), format="voc"
    )
    yield case(
        mm,
        limits,
        [0],
        [0, 1],
        dropped_boxes={"ignored: a side below 32 pixels": 2},
        moves={"cut to integers, 1 subtracted from all four": 2},
        xyxy=[[0, 0, 32, 32], [0, 0, 32, 39]],
    )
    # An image whose objects are all ignored stays; one without an object goes.
    ignored = data(moved(GOOD, difficult=True), Box(1, 1, 9, 9, difficult=True), images=TWO, format="voc")
    yield case(mm, ignored, [0], [], {"no annotation": 1}, {"ignored: difficult": 2})
    sizes = data(GOOD, SECOND, images=(Picture(640, 31), Picture(640, 32)), format="voc")
    yield case(
        mm,
        sizes,
        [1],
        [1],
        {"a side below 32 pixels": 1},
        {WITH_IMAGE: 1},
        cut,
        [[99, 99, 199, 199]],
    )
    for wrong in (NO_BOX, (5, 5, NAN, 50), (5, 5, INF, 50)):
        broken = data(GOOD, Box(*wrong, image=1), images=TWO, format="voc")
        reason = {"the loader raises: coordinate missing or not finite": 1}
        yield case(mm, broken, [0], [0], reason, {WITH_IMAGE: 1}, cut, [[99, 99, 199, 199]])
    nameless = data(GOOD, moved(SECOND, category=-1), images=TWO, format="voc")
    reason = {"the loader raises: object without a name": 1}
    yield case(mm, nameless, [0], [0], reason, {WITH_IMAGE: 1}, cut, [[99, 99, 199, 199]])
    # Not VOC: coordinates stand, nothing is difficult, NaN is below nothing.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(NAN, 5, 90, 50), Box(5, 5, 36, 50))
    yield case(mm, other, [0], [0, 1], dropped_boxes={"ignored: a side below 32 pixels": 1})
