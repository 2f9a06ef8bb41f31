"""What is in each picture, and what the `reference` detector makes of it: plain data."""

from dataclasses import dataclass

Frame = tuple[float, float, float, float]

CATEGORIES = ("cat", "cat_head", "cat_ear")


@dataclass(frozen=True)
class Box:
    """An annotated object, `x1, y1, x2, y2` in pixels."""

    label: str
    corners: Frame
    difficult: bool = False  # VOC's flag; COCO has none
    crowd: bool = False  # COCO's flag; VOC has none
    parts: tuple[tuple[str, Frame], ...] = ()  # VOC's named parts of an object; COCO has none


@dataclass(frozen=True)
class Scene:
    """One image: its drawing, its annotation and its expected verdict."""

    stem: str
    split: str
    size: tuple[int, int]
    backdrop: str
    figures: tuple[tuple[str, Frame], ...]
    boxes: tuple[Box, ...]
    verdict: str
    cause: str = ""  # of an `empty_foreground` only
    note: str = ""
    voc_boxes: tuple[Box, ...] | None = None  # where VOC cannot say the same; None: `boxes`
    has_xml: bool = True
    is_lost: bool = False  # no image file, and no size in the annotations


# One row per figure and box reads as a table; the formatter would spread it over three times the lines.
# fmt: off
SCENES: tuple[Scene, ...] = (
    Scene(
        "on_the_rug", "train", (960, 720), "room",
        (("rug", (240, 520, 740, 700)), ("sitting ginger", (400, 360, 580, 620))),
        (Box("cat", (400, 360, 580, 620)), Box("cat_head", (420, 360, 546, 482))),
        "ok", note="a sitting cat and its head",
    ),
    Scene(
        "two_friends", "train", (640, 480), "garden",
        (("head grey", (150, 210, 250, 310)), ("head cream", (380, 190, 470, 285)),
         ("board", (0, 270, 640, 330))),
        (Box("cat_head", (150, 210, 250, 270)), Box("cat_head", (380, 190, 470, 270), difficult=True)),
        "ok", note="two heads behind a wall, the second marked `difficult`",
    ),
    Scene(
        "passport_photo", "train", (500, 375), "room",
        (("head black", (200, 130, 290, 218)), ("board", (90, 212, 410, 236))),
        (Box("cat_head", (200, 130, 290, 212)), Box("cat_ear", (204, 130, 242, 170)),
         Box("cat_ear", (248, 130, 286, 170))),
        "ok", note="a head and its two ears",
    ),
    Scene(
        "window_seat", "train", (640, 480), "room",
        (("window", (180, 60, 460, 260)), ("board", (150, 260, 490, 284)),
         ("sitting cream", (290.25, 132.5, 380.75, 265.25))),
        (Box("cat", (290.25, 132.5, 380.75, 265.25)), Box("cat_head", (300.25, 132.5, 363.5, 195))),
        "ok", note="coordinates with decimals",
    ),
    Scene(
        "peek_from_below", "train", (960, 720), "room",
        (("window", (120, 60, 420, 320)), ("head ginger", (400, 668, 576, 824))),
        (Box("cat_head", (413, 668, 563, 720)),),
        "empty_foreground", "edge", "two ears and a forehead at the bottom edge",
    ),
    Scene(
        "peek_from_left", "train", (960, 720), "garden",
        (("head grey", (-152, 300, 22, 474)),),
        (Box("cat_head", (0, 300, 22, 450)),),
        "empty_foreground", "edge", "an ear's outer side and a cheek at the left edge",
    ),
    Scene(
        "ears_cut_off", "train", (960, 720), "room",
        (("sitting cream", (250, -72, 830, 800)),),
        (Box("cat_head", (314, 0, 720, 338)), Box("cat_ear", (341, 0, 503, 54)),
         Box("cat_ear", (531, 0, 693, 54))),
        "empty_foreground", "edge", "a close-up whose ears the top edge cuts; the head itself is too large",
    ),
    Scene(
        "across_the_yard", "train", (960, 720), "street",
        (("sitting black", (457, 489, 503, 567)),),
        (Box("cat", (457, 489, 503, 567)),),
        "empty_foreground", "stride", "a cat of a size that would match, centred between four grid points",
    ),
    Scene(
        "kittens_far_away", "train", (960, 720), "garden",
        (("head ginger", (300, 420, 330, 449)), ("head black", (420, 470, 452, 500)),
         ("head cream", (610, 430, 638, 458))),
        (Box("cat_head", (300, 420, 330, 449)), Box("cat_head", (420, 470, 452, 500)),
         Box("cat_head", (610, 430, 638, 458))),
        "empty_foreground", "small", "three distant heads",
    ),
    Scene(
        "dot_in_the_grass", "train", (500, 375), "garden",
        (("sitting grey", (240, 240, 252, 257)),),
        (Box("cat", (240, 240, 252, 257)),),
        "empty_foreground", "small", "a cat of 12 x 17 pixels",
    ),
    Scene(
        "nose_to_lens", "train", (500, 375), "room",
        (("head grey", (70, 20, 420, 370)),),
        (Box("cat_head", (70, 20, 420, 370)),),
        "empty_foreground", "large", "a head that fills the picture",
    ),
    Scene(
        "sofa_king", "train", (960, 720), "room",
        (("rug", (120, 560, 860, 710)), ("sitting ginger", (300, 180, 620, 660))),
        (Box("cat", (300, 180, 620, 660), parts=(("head", (335, 180, 560, 406)),)),),
        "empty_foreground", "large", "a large cat with its head as a `<part>`",
    ),
    Scene(
        "on_the_shelf", "train", (960, 720), "room",
        (("board", (180, 350, 760, 376)), ("lying black", (240, 276, 680, 352))),
        (Box("cat", (240, 276, 680, 352)),),
        "empty_foreground", "elongated", "a cat stretched out along a shelf",
    ),
    Scene(
        "door_ajar", "train", (640, 480), "room",
        (("sitting cream", (240, 190, 400, 420)),
         ("door", (60, 20, 309, 440)), ("door", (327, 20, 580, 440))),
        (Box("cat", (309, 206, 327, 420)),),
        "empty_foreground", "elongated", "a strip of a cat between two doors",
    ),
    Scene(
        "empty_basket", "train", (960, 720), "room", (("basket", (330, 420, 630, 600)),), (),
        "blank", note="VOC: an XML file without objects",
    ),
    Scene(
        "empty_window", "train", (640, 480), "room", (("window", (180, 80, 460, 280)),), (),
        "blank", note="VOC: an image without an XML file", has_xml=False,
    ),
    Scene(
        "heap_of_kittens", "train", (960, 720), "room",
        (("basket", (340, 420, 690, 640)),
         ("head grey", (380, 380, 480, 480)), ("head ginger", (460, 390, 560, 490)),
         ("head cream", (540, 370, 640, 470)), ("head black", (410, 450, 510, 550)),
         ("head ginger", (480, 460, 580, 560)), ("head grey", (550, 440, 650, 540))),
        (Box("cat_head", (380, 370, 650, 560), crowd=True),),
        "no_usable_box", note="COCO: one crowd; VOC, which has no crowds: a box without width and height",
        voc_boxes=(Box("cat_head", (515, 465, 515, 465)),),
    ),
    Scene(
        "cropped_away", "train", (500, 375), "garden", (("board", (0, 230, 500, 260)),),
        (Box("cat", (540, 180, 620, 250)), Box("cat_head", (500, 180, 500, 210))),
        "no_usable_box", note="a box beyond the right edge and one without width",
    ),
    Scene(
        "lost_photo", "train", (640, 480), "room", (),
        (Box("cat_head", (200, 150, 300, 250)),),
        "unknown", note="no image file, and no size in the annotations", is_lost=True,
    ),
    Scene(
        "loaf_in_the_sun", "val", (640, 480), "garden",
        (("lying ginger", (260, 300, 390, 372)),),
        (Box("cat", (260, 300, 390, 372)),),
        "ok", note="a cat lying in the grass",
    ),
    Scene(
        "family", "val", (960, 720), "room",
        (("rug", (180, 470, 800, 690)), ("sitting grey", (300, 330, 460, 560)),
         ("sitting black", (560, 430, 614, 508)), ("sitting cream", (640, 440, 690, 512)),
         ("head ginger", (-70, 520, 20, 610))),
        (Box("cat", (300, 330, 460, 560)), Box("cat", (560, 430, 614, 508)), Box("cat", (640, 440, 690, 512)),
         Box("cat_head", (0, 520, 20, 596))),
        "ok", note="a cat that matches, two kittens, and a head cut by the left edge",
    ),
    Scene(
        "peek_from_right", "val", (640, 480), "street",
        (("head black", (625, 250, 741, 366)),),
        (Box("cat_head", (625, 250, 641, 350)),),
        "empty_foreground", "edge", "a cheek at the right edge, its box 1 pixel over it",
    ),
    Scene(
        "peek_from_corner", "val", (500, 375), "room",
        (("head cream", (-8, 348, 82, 430)),),
        (Box("cat_head", (-0.5, 348, 77, 375.5)),),
        "empty_foreground", "edge", "ears in the bottom left corner, their box half a pixel over it",
    ),
    Scene(
        "on_the_roof", "val", (640, 480), "street",
        (("sitting ginger", (200, 300, 216, 323)), ("sitting black", (420, 298, 434, 322))),
        (Box("cat", (200, 300, 216, 323)), Box("cat", (420, 298, 434, 322))),
        "empty_foreground", "small", "two cats far down the street",
    ),
    Scene(
        "phone_portrait", "val", (480, 640), "room",
        (("lying grey", (130, 440, 330, 514)),),
        (Box("cat", (130, 440, 330, 514)),),
        "empty_foreground", "elongated", "a lying cat, flattened further as the upright picture is stretched",
    ),
    Scene(
        "empty_street", "val", (500, 375), "street", (), (),
        "blank", note="nobody there",
    ),
)
# fmt: on
