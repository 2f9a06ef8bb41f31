from anchoraudit.dataset.traits import BoxTrait
from tests.loader_cases import (
    GOOD,
    NO_BOX,
    SECOND,
    TWO,
    Box,
    case,
    data,
    moved,
    named,
    of_absent_images,
    of_voc_files,
    voc_raising,
)

SAID = ("FileNotFoundError: [Errno 2] No such file or directory: '2.jpg'", "OSError: not an image")
POSITIVE = "AssertionError: All bounding boxes should have positive height and width."


def cases():
    tv = "torchvision-voc"
    yield from of_voc_files(tv, SAID)
    yield from of_absent_images(tv, SAID)
    decimal = Box(45.5, 46.5, 90, 90, traits=BoxTrait.NOT_AN_INTEGER)
    words = "ValueError: invalid literal for int() with base 10: '45.5'"
    yield voc_raising(tv, "a coordinate that is no integer", decimal, said=words)
    # Names are stripped, but not lowered.
    unknown = "its name is not in the list of classes"
    strange = moved(GOOD, category=1)
    for name in ("unicorn", "Cat"):
        yield voc_raising(tv, unknown, strange, categories=named("cat", name), said=f"KeyError: '{name}'")
    padded = data(
        moved(GOOD, traits=BoxTrait.PADDED_NAME, category=1), format="voc", categories=named("a", "B")
    )
    yield case(tv, padded, [0], [0])
    # difficult is not looked at, whatever it is.
    odd = moved(GOOD, difficult=True, traits=BoxTrait.NO_DIFFICULT | BoxTrait.NO_TRUNCATED)
    yield case(tv, data(odd, format="voc"), [0], [0])
    yield voc_raising(tv, "no object", said="KeyError: 'bndbox'")
    boxless = Box(*NO_BOX, traits=BoxTrait.NO_BNDBOX | BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER)
    yield voc_raising(tv, "no object with a <bndbox>", boxless, said="KeyError: 'bndbox'")
    shifted = {"no <bndbox>: from here on, its image's labels belong to other boxes": 1}
    yield case(tv, data(GOOD, boxless, format="voc"), [0], [0], dropped_boxes=shifted)
    # Its label is looked up all the same. Where an object has neither, the numbers agree.
    strangers = named("cat", "unicorn")
    alone = moved(boxless, category=1)
    yield voc_raising(tv, unknown, GOOD, alone, categories=strangers, said="KeyError: 'unicorn'")
    neither = data(GOOD, moved(boxless, category=-1), format="voc")
    yield case(tv, neither, [0], [0], dropped_boxes=shifted)
    nameless = moved(SECOND, category=-1)
    yield voc_raising(tv, "no object with a name", nameless, said="KeyError: 'name'")
    blank = moved(SECOND, category=-1, traits=BoxTrait.EMPTY_NAME | BoxTrait.PADDED_NAME)
    yield voc_raising(tv, unknown, GOOD, blank, said="KeyError: ''")
    fewer = data(GOOD, SECOND, nameless, images=TWO, format="voc")
    yield case(tv, fewer, [0, 1], [0, 1, 2], stops={1: "object without a name: fewer labels than boxes"})
    for corners in ((50, 50, 50, 60), (50, 60, 60, 60), (60, 50, 50, 60), (50, 60, 60, 50)):
        odd = data(GOOD, Box(*corners, image=1), Box(630, 9, 700, 99), images=TWO, format="voc")
        yield case(tv, odd, [0, 1], [0, 1, 2], stops={1: "x2 <= x1 or y2 <= y1"}, words={1: POSITIVE})
    # Not VOC: nothing changes.
    other = data(Box(5.5, 5, 50, 50, difficult=True), format="yolo")
    yield case(tv, other, [0], [0])
