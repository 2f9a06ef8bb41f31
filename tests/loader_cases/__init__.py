"""For each loader literal data sets, and what it leaves of them: one module each, named as the loader.

A module has `cases()`. What data sets are made with is here.
"""

import pkgutil
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.loaders import WITH_IMAGE
from tests.builders import AS_READ

NAN, INF = float("nan"), float("inf")
NO_BOX = (NAN, NAN, NAN, NAN)


@dataclass(frozen=True)
class Box:
    """An annotation of image `image`.

    id: its COCO id, a number of its own by default. traits: what the file says of it. class_text: its class
    as written, for one that the data set does not have.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    image: int = 0
    crowd: bool = False
    difficult: bool = False
    category: int = 0
    area: float = 1.0
    id: Any = None
    traits: int = 0
    class_text: str = ""


@dataclass(frozen=True)
class Picture:
    """An image, and its file.

    declared: its entry has a width and a height. stated: these, where they are not those of the file. traits:
    what the files say of it. lines: of its label file, if that is not plain. present, problem, orientation,
    stored: facts about the image file, as in `ImageFiles`; stored is its size.
    """

    width: float = 640
    height: float = 480
    id: Any = None
    entry: int = 0
    declared: bool = True
    source: int = 0
    stated: tuple[float, float] | None = None
    traits: int = 0
    lines: tuple[str, ...] = ()
    present: bool = True
    problem: str = ""
    orientation: int = 0
    stored: tuple[float, float] | None = None
    name: str = ""  # of the file, where it is not its number


GOOD = Box(100, 100, 200, 200)


def column(values, kind):
    made = np.empty(len(values), dtype=kind)
    made[:] = values
    return made


def stated(image):
    """The size that an image's entry states."""
    return image.stated or ((image.width, image.height) if image.declared else (NAN, NAN))


def facts(images):
    """What is known of the files of images."""
    sizes = [(i.stored or (i.width, i.height)) if i.present else (NAN, NAN) for i in images]
    return ImageFiles(
        looked=column([True for _ in images], np.bool_),
        present=column([image.present for image in images], np.bool_),
        other_case=["" for _ in images],
        width=column([width for width, _ in sizes], np.float64),
        height=column([height for _, height in sizes], np.float64),
        orientation=column([image.orientation for image in images], np.int8),
        problem=[image.problem for image in images],
        one_colour=column([False for _ in images], np.bool_),
        copy_of=column([-1 for _ in images], np.int64),
        unlisted=[],
        read=len(images),
        cached=0,
    )


CLASSES = (Category(1, "cat"), Category(2, "dog"))


def data(*boxes, images=(Picture(),), format="coco", files=1, categories=CLASSES, folder=None):
    """A data set as its format's reader would make it. folder: of its images, if it is known."""
    coco = format == "coco"
    ids = [number if b.id is None else b.id for number, b in enumerate(boxes, 1)]
    kind = np.int64 if all(isinstance(i, int) for i in ids) else object
    splits = ["", "train", "val"][:files] if files == 1 else ["train", "val"]
    return Dataset(
        root=Path("data"),
        format=format,
        recognised="made up",
        sources=tuple(
            Source(Path(f"{name}.json"), name, folder, suffix=".xml" if format == "voc" else "")
            for name in splits
        ),
        splits=tuple(splits),
        images=Images(
            ids=[number if i.id is None else i.id for number, i in enumerate(images, 1)],
            file_names=[i.name or f"{number}.jpg" for number, i in enumerate(images, 1)],
            width=column([i.width for i in images], np.float64),
            height=column([i.height for i in images], np.float64),
            split=column([i.source for i in images], np.int64),
            source=column([i.source for i in images], np.int64),
            entry=column([i.entry for i in images], np.int64) if coco else None,
            measured=column([not i.declared for i in images], np.bool_) if coco else None,
            declared=np.array([stated(i) for i in images], dtype=np.float64).reshape(-1, 2),
            traits=column([i.traits for i in images], np.uint32),
        ),
        boxes=Boxes(
            image=column([b.image for b in boxes], np.int64),
            annotation_ids=column(ids, kind) if coco else None,
            category=column([b.category for b in boxes], np.int64),
            xyxy=np.array([(b.x1, b.y1, b.x2, b.y2) for b in boxes], dtype=np.float64).reshape(-1, 4),
            crowd=column([b.crowd for b in boxes], np.bool_),
            difficult=column([b.difficult for b in boxes], np.bool_),
            entry=np.arange(len(boxes)) if coco else None,
            area=column([b.area for b in boxes], np.float64) if coco else None,
            traits=column([b.traits for b in boxes], np.uint32),
            class_texts={row: b.class_text for row, b in enumerate(boxes) if b.class_text},
        ),
        label_lines={row: i.lines for row, i in enumerate(images) if i.lines},
        categories=categories,
        findings=[Finding("PAR003", "made up")],
        notes=["a note"],
        **AS_READ[format],
    )


def moved(box, **changes):
    return replace(box, **changes)


@dataclass(frozen=True)
class Case:
    """A data set, and what the loader leaves of it: images, boxes, and the reasons of what goes.

    xyxy: the coordinates of the kept boxes, where they are not those of the data set. stops: for each image
    at which training stops right after the loader, the reason. files: facts about the image files. words: for
    an image, what the framework says. whole: how what it says of the data set as a whole begins. classes:
    what the configuration says of classes. detector: the one that is trained.
    """

    loader: str
    dataset: Dataset
    images: list
    boxes: list
    dropped_images: dict
    dropped_boxes: dict
    moves: dict
    xyxy: list | None = None
    stops: dict = field(default_factory=dict)
    files: Any = None
    words: dict = field(default_factory=dict)
    whole: str = ""
    classes: Any = None
    detector: Any = None


def case(
    loader, dataset, images, boxes, dropped_images=None, dropped_boxes=None, moves=None, xyxy=None, **more
):
    gone = (dropped_images or {}, dropped_boxes or {}, moves or {})
    return Case(loader, dataset, images, boxes, *gone, xyxy, **more)


def raising(loader, words, dataset, boxes=1, said=None):
    """A case in which the second of two images makes the loader raise. said: the framework's words."""
    rest = list(range(len(dataset.boxes) - boxes))
    return case(
        loader,
        dataset,
        [0],
        rest,
        {f"the loader raises: {words}": 1},
        {WITH_IMAGE: boxes} if boxes else {},
        words={} if said is None else {1: said},
    )


TWO = (Picture(), Picture())
SECOND = moved(GOOD, image=1)
UNSIZED = data(GOOD, SECOND, images=(Picture(), Picture(declared=False)))
NO_SIZE = (Picture(), Picture(width=NAN, height=NAN))
HALF_SIZE = (Picture(), Picture(height=NAN), Picture(width=NAN))
BOXLESS = data(GOOD, Box(*NO_BOX, image=1), images=TWO)
UNKNOWN = data(GOOD, moved(SECOND, category=-1, class_text="7"), images=TWO)
REPEATED_IDS = data(GOOD, moved(SECOND, id=7), moved(SECOND, id=7), images=TWO)
WITHOUT_AREA = data(GOOD, moved(SECOND, area=NAN), images=TWO)
NO_WIDTH = "no width and height in the image's entry"


def of_coco_files(loader, *, last=(1,), blank="no annotation", later_box=False, sized=True, stops=None):
    """Cases of `pycocotools`, the same for every loader that begins with it.

    last: images left where two have one id. blank: why the loader drops one without boxes, "" if it does not.
    later_box: it takes the last annotation of an id, and does not raise. sized: it asks for a width and a
    height. stops: why training stops at the image without boxes.
    """
    same_id = data(
        GOOD, Box(1, 1, 50, 50, image=1), images=(Picture(id=5), Picture(id=5, width=300), Picture(id=6))
    )
    gone = {"a later image has its id, and gets its boxes": 1} | ({blank: 1} if blank else {})
    yield case(loader, same_id, list(last), [0, 1], gone, stops={2: stops} if stops else {})
    unlisted = data(GOOD, images=(Picture(), Picture(id="new.jpg", entry=-1, declared=False)))
    yield case(loader, unlisted, [0], [0], {"no entry in the file names it": 1})
    yield raising(
        loader,
        "annotation without an id",
        data(GOOD, moved(SECOND, id=""), images=TWO),
        said="KeyError: 'id'",
    )
    bare = data(GOOD, moved(SECOND, category=-1), images=TWO)
    yield raising(loader, "annotation without a category id", bare, said="KeyError: 'category_id'")
    # The same ids in two files are none twice.
    files = data(
        moved(GOOD, id=1),
        moved(SECOND, id=1),
        images=(Picture(id=1), Picture(id=1, source=1)),
        files=2,
    )
    yield case(loader, files, [0, 1], [0, 1])
    if sized:
        yield raising(loader, NO_WIDTH, UNSIZED)
    if later_box:
        early, late = moved(GOOD, id=7), Box(10, 10, 50, 60, image=1, id=7, category=1)
        reason = {"replaced by a later annotation of the same id": 1}
        xyxy = [[10, 10, 50, 60], [10, 10, 50, 60]]
        yield case(loader, data(early, late, images=TWO), [0, 1], [0, 1], moves=reason, xyxy=xyxy)
        named = data(moved(early, id="a"), moved(late, id="a"), images=TWO)
        yield case(loader, named, [0, 1], [0, 1], moves=reason, xyxy=xyxy)
    else:
        said = "AssertionError: Annotation ids in '.json' are not unique!"
        yield raising(loader, "annotation ids are not unique", REPEATED_IDS, boxes=2, said=said)
        texts = data(GOOD, moved(SECOND, id="a"), moved(SECOND, id="a"), images=TWO)
        yield raising(loader, "annotation ids are not unique", texts, boxes=2)


def named(*names):
    """Classes of these names."""
    return tuple(Category(number, name) for number, name in enumerate(names, 1))


def voc_raising(loader, words, *wrong, moves=None, xyxy=None, said=None, **more):
    """A case in which the second of two images of VOC, with the objects `wrong`, makes the loader raise.

    moves, xyxy: what the loader does with a good object. said: the framework's words.
    """
    dataset = data(GOOD, *(moved(box, image=1) for box in wrong), images=TWO, format="voc", **more)
    gone = {WITH_IMAGE: len(wrong)} if wrong else {}
    words_of = {} if said is None else {1: said}
    reason = {f"the loader raises: {words}": 1}
    return case(loader, dataset, [0], [0], reason, gone, moves, xyxy, words=words_of)


NO_FIND = "AttributeError: 'NoneType' object has no attribute 'find'"
NO_TEXT = "AttributeError: 'NoneType' object has no attribute 'text'"


def of_voc_names(loader, empty, **good):
    """Objects without a name, and with an empty one. empty: what the framework says of that."""
    traits = BoxTrait.EMPTY_NAME
    for said, wrong in (
        (NO_TEXT, moved(GOOD, category=-1)),
        (empty, moved(GOOD, category=-1, traits=traits)),
        ("", moved(GOOD, category=-1, traits=traits | BoxTrait.PADDED_NAME)),
    ):
        # Without words, a report has the reason.
        yield voc_raising(loader, "object without a name", wrong, said=said, **good)


def of_odd_coordinates(loader, reason, **good):
    """Coordinates that are missing, unreadable or not finite."""
    unread = BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER
    nan, inf = "cannot convert float NaN to integer", "cannot convert float infinity to integer"
    for said, wrong in (
        (NO_FIND, Box(*NO_BOX, traits=BoxTrait.NO_BNDBOX | unread)),
        ("", Box(5, NAN, 50, 50, traits=unread)),
        (f"ValueError: {nan}", Box(5, 5, NAN, INF)),
        (f"OverflowError: {inf}", Box(5, 5, -INF, NAN)),
    ):
        yield voc_raising(loader, reason, wrong, said=said, **good)


def of_voc_files(loader, said, moves=None, xyxy=None, *, cut_off=True):
    """Cases of the files of VOC, the same for every loader: of an image that comes beside a good one.

    said: what the framework says of an absent image, a broken one, and one that is called otherwise. moves,
    xyxy: what the loader does with the good object. cut_off: it refuses an image that is cut off.
    """
    absent, broken = said

    def second(picture, reason, words):
        images = (Picture(), picture)
        dataset = data(GOOD, SECOND, images=images, format="voc", folder=Path("JPEGImages"))
        gone, told = {f"the loader raises: {reason}": 1}, {} if words is None else {1: words}
        boxes = {WITH_IMAGE: 1}
        return case(loader, dataset, [0], [0], gone, boxes, moves, xyxy, files=facts(images), words=told)

    yield second(Picture(present=False), "its image is absent", absent)
    yield second(
        Picture(name="2.png"), "the loader opens <name>.jpg, and the image is called otherwise", absent
    )
    yield second(Picture(problem="not an image"), "its image cannot be read", broken)
    header = "truncated: the header ends early"
    yield second(Picture(problem=header), "its image cannot be read", None)
    cut = (Picture(), Picture(problem="truncated: there is no end-of-image marker"))
    if cut_off:
        yield second(cut[1], "its image cannot be read", None)
    else:
        both = {reason: 2 * count for reason, count in (moves or {}).items()}
        dataset = data(GOOD, SECOND, images=cut, format="voc")
        yield case(loader, dataset, [0, 1], [0, 1], moves=both, xyxy=xyxy and xyxy * 2, files=facts(cut))
    bare = ImageTrait.NO_LABEL_FILE
    listed = data(
        GOOD, images=(Picture(), Picture(stated=(NAN, NAN), traits=bare | ImageTrait.LISTED)), format="voc"
    )
    xml = "FileNotFoundError: [Errno 2] No such file or directory: '2.xml'"
    reason = {"the loader raises: no XML file, though a split list names the image": 1}
    yield case(loader, listed, [0], [0], reason, moves=moves, xyxy=xyxy, words={1: xml})
    unlisted = data(GOOD, images=(Picture(), Picture(stated=(NAN, NAN), traits=bare)), format="voc")
    reason = {"no XML file, and no split list names the image": 1}
    yield case(loader, unlisted, [0], [0], reason, moves=moves, xyxy=xyxy)


def of_absent_images(loader, said):
    """Cases of absent and broken images in data of another format. said: as in `of_voc_files`."""
    for picture, reason, words in (
        (Picture(present=False), "its image is absent", said[0]),
        (Picture(problem="not an image"), "its image cannot be read", said[1]),
    ):
        images = (Picture(), picture)
        gone = {f"the loader raises: {reason}": 1}
        yield case(
            loader,
            data(GOOD, SECOND, images=images, format="yolo"),
            [0],
            [0],
            gone,
            {WITH_IMAGE: 1},
            files=facts(images),
            words={1: words},
        )


def all_cases():
    """The cases of every loader."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return [each for module in modules for each in module.cases()]
