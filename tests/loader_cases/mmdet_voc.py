import msgspec

from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.spec import Loading
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
    voc_raising,
)


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
    good = {"moves": cut, "xyxy": [[99, 99, 199, 199]]}
    said = (
        "FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'",
        "AssertionError: failed to load image: 2.jpg",
    )
    yield from of_voc_files(mm, said, **good)
    yield from of_absent_images(mm, (said[0], said[1]))
    for wrong in (NO_BOX, (5, 5, NAN, 50), (5, 5, INF, 50)):
        yield voc_raising(mm, "coordinate missing or not finite", Box(*wrong), **good)
    yield from of_odd_coordinates(mm, "coordinate missing or not finite", **good)
    no_text = "AttributeError: 'NoneType' object has no attribute 'text'"
    yield voc_raising(mm, "object without a name", moved(GOOD, category=-1), said=no_text, **good)
    odd = moved(GOOD, traits=BoxTrait.ODD_DIFFICULT)
    yield voc_raising(mm, "a <difficult> that is no integer", odd, **good)
    # Objects of other names are skipped before anything else of them is read. <difficult> may be missing.
    skipped = data(
        moved(GOOD, traits=BoxTrait.NO_DIFFICULT),
        Box(*NO_BOX, category=1),
        moved(GOOD, traits=BoxTrait.PADDED_NAME | BoxTrait.ODD_DIFFICULT),
        moved(GOOD, category=-1, traits=BoxTrait.EMPTY_NAME),
        GOOD,
        GOOD,
        moved(SECOND, category=1),
        images=TWO,
        format="voc",
        categories=named("cat", "Cat"),
    )
    gone = {"its name is not in the list of classes": 3, WITH_IMAGE: 1}
    three = dict.fromkeys(cut, 3)
    yield case(mm, skipped, [0], [0, 4, 5], {"no annotation": 1}, gone, three, [[99, 99, 199, 199]] * 3)
    odd_size, none = "a <size> that is not two integers", "no <size>, and no image to measure"
    for picture, reason in (
        (Picture(traits=ImageTrait.ODD_SIZE), odd_size),
        (Picture(NAN, NAN, declared=False), none),
    ):
        sized = data(GOOD, SECOND, images=(Picture(), picture), format="voc")
        yield case(mm, sized, [0], [0], {f"the loader raises: {reason}": 1}, {WITH_IMAGE: 1}, **good)
    no_shape = "AttributeError: 'NoneType' object has no attribute 'shape'"
    for words, picture in (
        (said[0], Picture(declared=False, present=False)),
        (no_shape, Picture(declared=False, problem="empty file")),
        (no_shape, Picture(declared=False, problem="truncated: there is no end-of-image marker")),
    ):
        images = (Picture(), picture)
        sized = data(GOOD, images=images, format="voc")
        gone = {f"the loader raises: {none}": 1}
        yield case(mm, sized, [0], [0], gone, files=facts(images), words={1: words}, **good)
    # The limit is for the size that is stated; of the image where none is.
    stated = (Picture(stated=(640, 0)), Picture(9, 9, stated=(32, 32)), Picture(640, 31, declared=False))
    limits = data(GOOD, SECOND, moved(GOOD, image=2), images=stated, format="voc")
    yield case(mm, limits, [1], [1], {"a side below 32 pixels": 2}, {WITH_IMAGE: 2}, **good)
    turned = (Picture(480, 640, orientation=6, stored=(640, 480)),)
    yield case(mm, data(GOOD, images=turned, format="voc"), [0], [0], files=facts(turned), **good)
    # Not VOC: coordinates stand, nothing is difficult, NaN is below nothing.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(NAN, 5, 90, 50), Box(5, 5, 36, 50))
    yield case(mm, other, [0], [0, 1], dropped_boxes={"ignored: a side below 32 pixels": 1})
    # filter_cfg
    boxes = data(Box(5, 5, 6, 50), Box(5, 5, 5.5, 50), Box(50, 5, 5, 50), images=(*TWO, Picture(0.5, 9)))
    # No limit: nothing is asked of inverted boxes either.
    every = _asking(blank="kept", least_image_side=0, least_box_side=0)
    yield case(mm, boxes, [0, 1, 2], [0, 1, 2], detector=every)
    dropped = _asking(blank="dropped", least_image_side=0, least_box_side=0)
    yield case(mm, boxes, [0], [0, 1, 2], {"no annotation": 2}, detector=dropped)


def _asking(**values):
    """A detector whose configuration has another `filter_cfg`."""
    return msgspec.structs.replace(load_detector("mmdet-retinanet_fpn"), loading=Loading(**values))
