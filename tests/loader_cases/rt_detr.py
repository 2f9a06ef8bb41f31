from tests.loader_cases import (
    BOXLESS,
    GOOD,
    NAN,
    SECOND,
    TWO,
    Box,
    Picture,
    case,
    data,
    facts,
    moved,
    of_coco_files,
    raising,
)
from tests.loader_cases._coco import crowds, of_nameless, of_odd_values, of_pictures, of_text_ids


def cases():
    rt = "rt-detr"
    yield from of_coco_files(rt, last=(1, 2), blank="", later_box=True, sized=False)
    yield raising(rt, "annotation without a box", BOXLESS)
    yield from of_pictures(rt)
    yield from of_nameless(rt)
    yield from of_text_ids(rt, said="ValueError: invalid literal for int() with base 10: 'ab'")
    yield case(rt, data(GOOD, SECOND, images=(Picture(), Picture(id="77"))), [0, 1], [0, 1])
    yield from of_odd_values(rt, areas=True, classes=True)
    yield from crowds(rt)
    yield case(rt, data(GOOD, moved(GOOD, crowd=True, area=NAN)), [0], [0], dropped_boxes={"crowd": 1})
    # No image goes; a category that is not listed is taken as it is.
    unknown = moved(GOOD, category=-1, class_text="7")
    yield case(rt, data(GOOD, unknown, images=TWO), [0, 1], [0, 1])
    over = data(
        Box(-10, 400, 700, 500),
        Box(640, 0, 700, 50),
        Box(50, 50, 50, 90),
        Box(90, 50, 50, 90),
        Box(NAN, 5, 9, 50),
    )
    yield case(
        rt,
        over,
        [0],
        [0],
        dropped_boxes={"nothing of it inside the image": 4},
        moves={"clipped to the image": 1},
        xyxy=[[0, 400, 640, 480]],
    )
    # 1 pixel is enough, also where it is less than float64 can hold; what is cut at the edge counts as cut.
    thin = data(Box(5, 5, 6, 50), Box(5, 5, 5.99, 50), Box(0.125, 0.125, 50, 1.125), Box(-5, 5, 0.5, 50))
    yield case(rt, thin, [0], [0, 2], dropped_boxes={"a side below 1 pixel": 2})
    # Of 4000 pixels, 6.25 become one.
    large = (Picture(4000, 640),)
    sides = data(Box(0, 5, 6.25, 50), Box(0, 5, 6.2, 50), Box(0, 5, 50, 6), images=large)
    yield case(rt, sides, [0], [0, 2], dropped_boxes={"a side below 1 pixel at 640x640": 1})
    # 600 * float32(640 / 600) is more than 640.
    edge = data(Box(500, 5, 600, 50), Box(500, 5, 599, 50), Box(5, 500, 50, 600), images=(Picture(600, 600),))
    beyond = {"it ends at the edge, which is rounded to more than 640": 2}
    yield case(rt, edge, [0], [1], dropped_boxes=beyond)
    stored = (Picture(stored=(160, 480), orientation=6),)
    clipped = {"moves": {"clipped to the image": 1}, "xyxy": [[100, 100, 160, 200]], "files": facts(stored)}
    yield case(rt, data(GOOD, images=stored), [0], [0], **clipped)
    unsized = data(Box(5, 5, 9000, 50), images=[Picture(NAN, NAN)], format="yolo")
    yield case(rt, unsized, [0], [0])
