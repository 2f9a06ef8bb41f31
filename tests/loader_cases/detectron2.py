import msgspec

from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.spec import Loading
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    NO_BOX,
    NO_FIND,
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
    of_voc_names,
    raising,
    voc_raising,
)
from tests.loader_cases._coco import (
    FLAT_OF_FLOATS,
    FLAT_OF_INTEGERS,
    NO_LEN,
    of_nameless,
    of_odd_values,
    of_pictures,
    stopping,
)


def cases():
    d2 = "detectron2"
    yield from of_coco_files(d2)
    yield raising(d2, "category that the file does not list", UNKNOWN)
    yield raising(d2, "annotation without a box", BOXLESS)
    yield from coco_cases(d2)
    yield case(d2, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    crowds = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(d2, crowds, [0], [0], {"no annotation": 1, "crowds only": 1}, {WITH_IMAGE: 1})
    # DATALOADER.FILTER_EMPTY_ANNOTATIONS: false
    kept = msgspec.structs.replace(load_detector("detectron2-rpn_fpn"), loading=Loading(blank="kept"))
    yield case(d2, crowds, [0, 1, 2], [0], dropped_boxes={"crowd": 1}, detector=kept)
    # A crowd without a box never meets the mapper.
    yield case(d2, data(GOOD, Box(*NO_BOX, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    turned = data(Box(200, 300, 100, 100), Box(300, 40, 200, 50), Box(5, 60, 9, 50))
    yield case(
        d2,
        turned,
        [0],
        [0, 1, 2],
        moves={"corners put in order": 3},
        xyxy=[[100, 100, 200, 300], [200, 40, 300, 50], [5, 50, 9, 60]],
    )
    # The least side is 1e-5 pixels of the resized image, here 6e-6 of the image itself.
    edges = data(Box(-5, -5, 5, 5), Box(640, 5, 650, 50), Box(9, 9, 9.000005, 50), Box(9, 9, 9.00002, 50))
    yield case(
        d2,
        edges,
        [0],
        [0, 3],
        dropped_boxes={"nothing of it inside the image": 2},
        moves={"clipped to the image": 1},
        xyxy=[[0, 0, 5, 5], [9, 9, 9.00002, 50]],
    )
    # An image that loses its only box to the mapper trains as background; NaN is above no side.
    yield case(
        d2,
        data(Box(NAN, 5, NAN, 50), Box(5, 5, 50, NAN)),
        [0],
        [],
        dropped_boxes={"nothing of it inside the image": 2},
    )
    yield from voc_cases(d2)


def voc_cases(d2):
    voc = data(Box(1, 1, 640, 480), Box(0, 5, 10, 20, difficult=True), format="voc")
    yield case(
        d2,
        voc,
        [0],
        [0, 1],
        moves={"1 subtracted from x1 and y1": 2, "clipped to the image": 1},
        xyxy=[[0, 0, 640, 480], [0, 4, 10, 20]],
    )
    good = {"moves": {"1 subtracted from x1 and y1": 1}, "xyxy": [[99, 99, 200, 200]]}
    said = ("FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'", "OSError: not an image")
    yield from of_voc_files(d2, said, **good)
    yield from of_voc_names(d2, "ValueError: tuple.index(x): x not in tuple", **good)
    boxless = Box(*NO_BOX, traits=BoxTrait.NO_BNDBOX | BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER)
    missing = "a coordinate that is missing or no number"
    yield voc_raising(d2, missing, boxless, said=NO_FIND, **good)
    unread = Box(5, NAN, 50, 50, traits=BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER)
    yield voc_raising(d2, "a coordinate that is missing or no number", unread, **good)
    # "nan" is a number for float(), and decimals are.
    nan = data(Box(5, NAN, 50, 50, traits=BoxTrait.NOT_AN_INTEGER), GOOD, format="voc")
    gone = {"nothing of it inside the image": 1}
    yield case(d2, nan, [0], [1], dropped_boxes=gone, **good)
    # A name must be written exactly as in the list.
    unknown, words = "its name is not in the list of classes", "ValueError: tuple.index(x): x not in tuple"
    strange = moved(GOOD, category=1)
    for name in ("unicorn", "Cat"):
        yield voc_raising(d2, unknown, strange, categories=named("cat", name), said=words, **good)
    padded = moved(GOOD, traits=BoxTrait.PADDED_NAME)
    yield voc_raising(d2, unknown, padded, said=words, **good)
    own = data(
        GOOD, moved(GOOD, category=1), moved(GOOD, category=1), format="voc", categories=named("cat", "Nut")
    )
    both = {"moves": {"1 subtracted from x1 and y1": 3}, "xyxy": [[99, 99, 200, 200]] * 3}
    yield case(d2, own, [0], [0, 1, 2], **both)
    no_integer = "ValueError: invalid literal for int() with base 10"
    no_integers = "no <size>, or one that is not two integers"
    mismatch = "SizeMismatchError: Mismatched image shape for image 2.jpg, got (640, 480), expect ({}, {})."
    turned = {"orientation": 6, "stored": (640, 480)}
    for picture, reason, said in (
        (Picture(declared=False), no_integers, "IndexError: list index out of range"),
        (Picture(traits=ImageTrait.ODD_SIZE), no_integers, no_integer),
        (Picture(stated=(640, 479.5), traits=ImageTrait.ODD_SIZE), no_integers, f"{no_integer}: '479.5'"),
        (Picture(stated=(640, NAN), traits=ImageTrait.ODD_SIZE), no_integers, None),
        (Picture(stated=(0, 0)), "its <size> is not that of the image", mismatch.format(0, 0)),
        (Picture(stated=(480, 640)), "its <size> is not that of the image", mismatch.format(480, 640)),
        (
            Picture(640, 481, stored=(640, 480)),
            "its <size> is not that of the image",
            mismatch.format(640, 481),
        ),
        # It sees the image turned.
        (Picture(640, 480, **turned), "its <size> is not that of the image", None),
    ):
        images = (Picture(), picture)
        wrong = data(GOOD, SECOND, images=images, format="voc")
        told, gone = {1: said} if said else {}, {f"the loader raises: {reason}": 1}
        yield case(d2, wrong, [0], [0], gone, {WITH_IMAGE: 1}, files=facts(images), words=told, **good)
    shown = (Picture(480, 640, **turned),)
    yield case(d2, data(GOOD, images=shown, format="voc"), [0], [0], files=facts(shown), **good)


def coco_cases(d2):
    yield from of_pictures(d2)
    yield from of_nameless(d2)
    yield from of_odd_values(d2)
    said = (
        "KeyError: \"Encountered category_id=7 but this id does not exist in 'categories' of the json file.\""
    )
    unknown = moved(SECOND, category=-1, class_text="7")
    yield stopping(d2, "category that the file does not list", said, unknown)
    ignored = 'AssertionError: "ignore" in COCO json file is not supported.'
    for reason, words, trait in (
        ("annotation with `ignore`", ignored, BoxTrait.IGNORE),
        ("a segmentation that is no list of polygons", "", BoxTrait.FLAT_SEGMENTATION),
        ("a segmentation that is no list of polygons", NO_LEN.format("int"), FLAT_OF_INTEGERS),
        ("a segmentation that is no list of polygons", NO_LEN.format("float"), FLAT_OF_FLOATS),
        ("a segmentation without counts or size", "", BoxTrait.BROKEN_RLE),
    ):
        yield stopping(d2, reason, words, moved(SECOND, traits=trait))
    # A short polygon goes before anyone asks for its category; without another annotation, its image goes.
    short = moved(GOOD, traits=BoxTrait.SHORT_SEGMENTATION, category=-1, class_text="7")
    reason = "no polygon with an even count of six numbers or more"
    yield case(d2, data(GOOD, short), [0], [0], dropped_boxes={reason: 1})
    alone = data(GOOD, moved(short, image=1), images=TWO)
    yield case(d2, alone, [0], [0], {"no annotation": 1}, {WITH_IMAGE: 1})
    # A segmentation that is absent or empty is no problem, nor is "0" for a crowd beside a good box.
    bare = [BoxTrait.NO_SEGMENTATION, BoxTrait.EMPTY_SEGMENTATION, BoxTrait.FOUR_NUMBERS, BoxTrait.NO_MASK]
    boxes = [moved(GOOD, traits=trait) for trait in bare]
    text = moved(GOOD, traits=BoxTrait.ISCROWD_NOT_A_NUMBER)
    yield case(d2, data(*boxes, text), [0], [0, 1, 2, 3], dropped_boxes={"crowd": 1})
    # The size is compared with that of the image as shown.
    start = "SizeMismatchError: Mismatched image shape for image 2.jpg, got (480, 640)"
    end = ". Please check the width/height in your annotation."
    turned = Picture(orientation=6)
    for second, expected in (
        (turned, ", expect (640, 480)"),
        (Picture(stored=(480, 640), stated=(0, 0)), ", expect (0, 0)"),
        (Picture(stored=(480, 640), stated=(480, 640), traits=ImageTrait.SIZE_NOT_A_NUMBER), ""),
    ):
        files = facts((Picture(), second))
        differs = "its stated size is not that of the image"
        yield stopping(d2, differs, start + expected + end, second=second, files=files)
    shown = (Picture(width=480, height=640, stored=(640, 480), orientation=8),)
    yield case(d2, data(GOOD, images=shown), [0], [0], files=facts(shown))
    # 640x480 becomes 1067x800. 199 * 1067 / 640 is 331.77, of which 331 are left.
    whole = Box(100, 96, 199, 192, traits=BoxTrait.WHOLE_NUMBERS)
    across = 1067 / 640
    xyxy = [[166 / across, 96, 331 / across, 192]]
    yield case(d2, data(whole), [0], [0], moves={"cut to whole pixels of the resized image": 1}, xyxy=xyxy)
    # Of a large image, a box of one pixel has nothing left; a decimal point saves it.
    large = (Picture(3200, 2400),)
    dot = Box(100, 100, 101, 101, traits=BoxTrait.WHOLE_NUMBERS)
    gone = {"nothing of it inside the image": 1}
    yield case(d2, data(dot, moved(dot, traits=0), images=large), [0], [1], dropped_boxes=gone)
