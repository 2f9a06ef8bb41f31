"""Cases that loaders of COCO files have in common."""

from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.loaders import WITH_IMAGE
from tests.loader_cases import (
    GOOD,
    NAN,
    SECOND,
    TWO,
    Picture,
    case,
    data,
    facts,
    moved,
)

NOT_FOUND = "FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'"
NO_LEN = "TypeError: object of type '{}' has no len()"
FLAT_OF_INTEGERS = BoxTrait.FLAT_SEGMENTATION | BoxTrait.FLAT_OF_INTEGERS
FLAT_OF_FLOATS = BoxTrait.FLAT_SEGMENTATION | BoxTrait.FLAT_OF_FLOATS
TEXT_CLASS = "ValueError: too many dimensions 'str'"


def stopping(loader, reason, said, *wrong, second=None, files=None, **more):
    """A case in which the second of two images, with the annotations `wrong`, makes the loader raise.

    said: the framework's words. second: the second image. files: facts about both image files.
    """
    boxes = wrong or (SECOND,)
    return case(
        loader,
        data(GOOD, *boxes, images=(Picture(), second or Picture())),
        [0],
        [0],
        {f"the loader raises: {reason}": 1},
        {WITH_IMAGE: len(boxes)},
        words={1: said},
        files=files,
        **more,
    )


def of_pictures(loader, absent=NOT_FOUND, broken="OSError: not an image", problem="not an image"):
    """An image file that is absent, and one that cannot be read."""
    for reason, said, second in (
        ("no image file", absent, Picture(present=False)),
        ("the image file cannot be read", broken, Picture(problem=problem)),
    ):
        yield stopping(loader, reason, said, second=second, files=facts((Picture(), second)))


def of_odd_values(loader, *, boxes=True, areas=False, iscrowd=False, classes=False, sizes=False, zero=""):
    """Keys that are absent and values of another type, for which the loader asks.

    zero: what the framework says of a stated height of 0.
    """
    if boxes:
        for trait, said in ((BoxTrait.NO_BBOX, "KeyError: 'bbox'"), (BoxTrait.BBOX_NOT_FOUR_NUMBERS, "")):
            yield stopping(loader, "annotation without a box", said, moved(SECOND, traits=trait))
    if areas:
        for box in (moved(SECOND, area=NAN), moved(SECOND, area=5.0, traits=BoxTrait.NO_AREA)):
            yield stopping(loader, "annotation without an area", "KeyError: 'area'", box)
        text = moved(SECOND, area=NAN, traits=BoxTrait.AREA_NOT_A_NUMBER)
        yield stopping(loader, "an area that is no number", "", text)
    if iscrowd:
        bare_box = moved(SECOND, traits=BoxTrait.NO_ISCROWD)
        yield stopping(loader, "annotation without `iscrowd`", "KeyError: 'iscrowd'", bare_box)
    if classes:
        box = moved(SECOND, category=-1, class_text='"2"')
        yield stopping(loader, "a category id that is a text", TEXT_CLASS, box)
    if sizes:
        odd = Picture(traits=ImageTrait.SIZE_NOT_A_NUMBER, stated=(NAN, 480))
        yield stopping(loader, "a width or height that is no number", "", second=odd)
    if zero:
        flat = Picture(stated=(640, 0))
        yield stopping(loader, "the entry states a height of 0", zero, second=flat)


def of_text_ids(loader, reason="an image id that is a text", said="KeyError: 'a'"):
    """An image whose id is a text, which pycocotools takes for a list of letters."""
    yield stopping(loader, reason, said, second=Picture(id="ab"))


def of_nameless(loader):
    """An entry without a file name."""
    named = data(GOOD, SECOND, images=TWO)
    named.images.file_names = ["1.jpg", ""]
    yield case(
        loader,
        named,
        [0],
        [0],
        {"the loader raises: no file name in the image's entry": 1},
        {WITH_IMAGE: 1},
        words={1: "KeyError: 'file_name'"},
    )


def crowds(loader, reason="crowd"):
    """A crowd, and an `iscrowd` that is "0": both do not equal 0."""
    text = moved(GOOD, traits=BoxTrait.ISCROWD_NOT_A_NUMBER)
    yield case(loader, data(GOOD, moved(GOOD, crowd=True), text), [0], [0], dropped_boxes={reason: 2})
