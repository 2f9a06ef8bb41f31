"""Flat drawings of cats and of the places they sit in.

Every figure is drawn inside a frame, in fractions of it, and touches all four of its sides. So a frame is
the figure's bounding box, and a frame that reaches over the picture's edge gives a figure cut by the edge.
Nothing here is random, and every corner is rounded to a whole pixel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Frame = tuple[float, float, float, float]
Point = tuple[float, float]

# Drawn at twice the size and averaged down: smooth outlines without an antialiasing library.
OVERSAMPLING = 2

# A face is drawn once for its left half and once mirrored.
SIDES: tuple[Callable[[float], float], ...] = (lambda x: x, lambda x: 1 - x)

PINK: Colour = (232, 160, 160)
INK: Colour = (45, 38, 38)


@dataclass(frozen=True)
class Coat:
    """A cat's colours."""

    fur: Colour
    stripe: Colour
    muzzle: Colour
    eye: Colour


COATS = {
    "ginger": Coat((226, 141, 66), (187, 103, 38), (250, 224, 190), (120, 160, 60)),
    "grey": Coat((139, 147, 158), (100, 108, 120), (214, 218, 223), (222, 178, 60)),
    "black": Coat((66, 62, 68), (44, 41, 46), (120, 114, 120), (226, 196, 70)),
    "cream": Coat((235, 215, 182), (206, 178, 136), (252, 245, 232), (92, 146, 190)),
}


class Brush:
    """Draws in fractions of a frame: (0, 0) is its top left corner, (1, 1) its bottom right one."""

    def __init__(self, draw: ImageDraw.ImageDraw, frame: Frame) -> None:
        self.draw = draw
        self.x, self.y = frame[0], frame[1]
        self.width, self.height = frame[2] - frame[0], frame[3] - frame[1]

    def at(self, point: Point) -> tuple[int, int]:
        """The pixel of a point of the frame."""
        x, y = self.x + point[0] * self.width, self.y + point[1] * self.height
        return round(x * OVERSAMPLING), round(y * OVERSAMPLING)

    def inner(self, x1: float, y1: float, x2: float, y2: float) -> "Brush":
        """A brush for a part of this frame."""
        left, top = self.x + x1 * self.width, self.y + y1 * self.height
        right, bottom = self.x + x2 * self.width, self.y + y2 * self.height
        return Brush(self.draw, (left, top, right, bottom))

    def ellipse(self, x1: float, y1: float, x2: float, y2: float, fill: Colour) -> None:
        """The ellipse that fills a part of the frame."""
        self.draw.ellipse([self.at((x1, y1)), self.at((x2, y2))], fill=fill)

    def rectangle(self, x1: float, y1: float, x2: float, y2: float, fill: Colour) -> None:
        """A filled part of the frame."""
        self.draw.rectangle([self.at((x1, y1)), self.at((x2, y2))], fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self.draw.polygon([self.at(point) for point in points], fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A line through points, its width a fraction of the frame's shorter side, its ends round."""
        thickness = max(1, round(width * min(self.width, self.height) * OVERSAMPLING))
        pixels = [self.at(point) for point in points]
        self.draw.line(pixels, fill=fill, width=thickness, joint="curve")
        radius = thickness // 2
        if radius > 1:
            for x, y in (pixels[0], pixels[-1]):
                self.draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)


def head(brush: Brush, coat: Coat) -> None:
    """A cat's face from the front. The whiskers reach out of the frame, as they do out of drawn boxes."""
    for side in SIDES:
        brush.polygon([(side(0.05), 0.55), (side(0.09), 0.0), (side(0.47), 0.27)], coat.fur)
        brush.polygon([(side(0.11), 0.40), (side(0.14), 0.10), (side(0.36), 0.27)], PINK)
    brush.ellipse(0.0, 0.2, 1.0, 1.0, coat.fur)
    for x in (0.42, 0.5, 0.58):
        brush.line([(x, 0.24), (0.5 + (x - 0.5) * 0.8, 0.38)], coat.stripe, 0.03)
    brush.ellipse(0.31, 0.64, 0.69, 0.92, coat.muzzle)
    for side in SIDES:
        left, right = sorted((side(0.2), side(0.38)))
        brush.ellipse(left, 0.46, right, 0.63, coat.eye)
        brush.ellipse((left + right) / 2 - 0.025, 0.47, (left + right) / 2 + 0.025, 0.62, INK)
        brush.line([(0.5, 0.75), (side(0.44), 0.82), (side(0.38), 0.81)], INK, 0.015)
        for start, end in ((0.72, 0.66), (0.77, 0.77), (0.82, 0.88)):
            brush.line([(side(0.32), start), (side(-0.08), end)], coat.stripe, 0.008)
    brush.polygon([(0.44, 0.67), (0.56, 0.67), (0.5, 0.75)], PINK)


def sitting(brush: Brush, coat: Coat) -> None:
    """A cat that sits upright, its tail laid around its right side."""
    brush.line([(0.6, 0.94), (0.8, 0.93), (0.89, 0.88), (0.93, 0.79), (0.95, 0.64)], coat.stripe, 0.1)
    brush.polygon([(0.26, 0.3), (0.66, 0.3), (0.88, 0.8), (0.04, 0.8)], coat.fur)
    brush.ellipse(0.0, 0.6, 0.92, 1.0, coat.fur)
    for y in (0.5, 0.57, 0.64):
        brush.line([(0.66, y), (0.78, y + 0.03)], coat.stripe, 0.03)
    brush.ellipse(0.3, 0.42, 0.62, 0.78, coat.muzzle)
    brush.ellipse(0.22, 0.9, 0.45, 1.0, coat.muzzle)
    brush.ellipse(0.47, 0.9, 0.7, 1.0, coat.muzzle)
    head(brush.inner(0.11, 0.0, 0.81, 0.47), coat)


def lying(brush: Brush, coat: Coat) -> None:
    """A cat stretched out, its head on the left: the longer the frame, the longer the cat."""
    face = min(0.5, 0.95 * brush.height / brush.width)
    shoulder, hip = 0.35 * face, 1 - 0.5 * face
    brush.line([(hip, 0.75), (0.97, 0.7), (0.98, 0.45)], coat.stripe, 0.1)
    brush.ellipse(shoulder, 0.25, shoulder + face, 1.0, coat.fur)
    brush.ellipse(hip - 0.55 * face, 0.25, hip + 0.35 * face, 1.0, coat.fur)
    brush.rectangle(shoulder + 0.5 * face, 0.25, hip - 0.1 * face, 1.0, coat.fur)
    for step in range(4):
        x = face + (hip - face) * (0.25 + step * 0.2)
        brush.line([(x, 0.28), (x, 0.5)], coat.stripe, 0.05)
    brush.ellipse(0.15 * face, 0.88, 0.95 * face, 1.0, coat.muzzle)
    head(brush.inner(0.0, 0.0, face, 0.93), coat)


def room(brush: Brush) -> None:
    """A wall and a floor."""
    brush.rectangle(0, 0, 1, 1, (203, 214, 214))
    brush.rectangle(0, 0.62, 1, 1, (178, 141, 107))
    brush.rectangle(0, 0.6, 1, 0.625, (240, 238, 230))


def garden(brush: Brush) -> None:
    """Sky, a hedge and grass."""
    brush.rectangle(0, 0, 1, 1, (176, 210, 232))
    for x in (-0.05, 0.2, 0.45, 0.7):
        brush.ellipse(x, 0.32, x + 0.35, 0.62, (88, 134, 84))
    brush.rectangle(0, 0.48, 1, 1, (138, 178, 102))


def street(brush: Brush) -> None:
    """House fronts and a pavement."""
    brush.rectangle(0, 0, 1, 1, (214, 190, 168))
    brush.rectangle(0.5, 0, 1, 1, (190, 198, 178))
    for x in (0.1, 0.32, 0.6, 0.82):
        window(brush.inner(x, 0.12, x + 0.1, 0.38))
    brush.rectangle(0, 0.66, 1, 1, (160, 160, 164))


def window(brush: Brush) -> None:
    """Four panes."""
    brush.rectangle(0, 0, 1, 1, (246, 244, 238))
    for x in (0.07, 0.53):
        for y in (0.06, 0.53):
            brush.rectangle(x, y, x + 0.4, y + 0.41, (150, 192, 220))


def basket(brush: Brush) -> None:
    """An empty cat basket."""
    brush.ellipse(0, 0, 1, 0.6, (150, 104, 62))
    brush.ellipse(0.08, 0.06, 0.92, 0.5, (208, 84, 84))
    brush.polygon([(0, 0.3), (1, 0.3), (0.88, 1), (0.12, 1)], (176, 126, 78))
    brush.ellipse(0.08, 0.1, 0.92, 0.46, (208, 84, 84))


def rug(brush: Brush) -> None:
    """An oval rug."""
    brush.ellipse(0, 0, 1, 1, (122, 96, 140))
    brush.ellipse(0.06, 0.1, 0.94, 0.9, (168, 140, 184))


def board(brush: Brush) -> None:
    """A shelf, a wall's top or a roof's edge."""
    brush.rectangle(0, 0, 1, 1, (126, 92, 66))
    brush.rectangle(0, 0, 1, 0.3, (156, 118, 86))


def door(brush: Brush) -> None:
    """A door's leaf, to hide behind."""
    brush.rectangle(0, 0, 1, 1, (232, 228, 216))
    brush.rectangle(0.12, 0.08, 0.88, 0.45, (216, 210, 196))
    brush.rectangle(0.12, 0.55, 0.88, 0.92, (216, 210, 196))


CATS: dict[str, Callable[[Brush, Coat], None]] = {"head": head, "sitting": sitting, "lying": lying}
THINGS: dict[str, Callable[[Brush], None]] = {
    thing.__name__: thing for thing in (room, garden, street, window, basket, rug, board, door)
}


def picture(size: tuple[int, int], backdrop: str, figures: Sequence[tuple[str, Frame]]) -> Image.Image:
    """A picture of `size`: the backdrop, then each figure over the ones before it.

    A figure is named by its thing ("basket") or by its pose and coat ("sitting ginger").
    """
    image = Image.new("RGB", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    draw = ImageDraw.Draw(image)
    THINGS[backdrop](Brush(draw, (0, 0, *size)))
    for name, frame in figures:
        kind, _, coat = name.partition(" ")
        if coat:
            CATS[kind](Brush(draw, frame), COATS[coat])
        else:
            THINGS[kind](Brush(draw, frame))
    return image.reduce(OVERSAMPLING)
