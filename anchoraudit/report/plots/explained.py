"""A drawing of one image: its boxes, their best anchors or their points, and the border of anchors."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from anchoraudit.advice.explain import Box, BoxExplanation, Explanation
from anchoraudit.advice.explain_points import Places
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.images import pillow
from anchoraudit.report import words
from anchoraudit.report.labels import lay_out

# Longer side of the drawing: at least 640 px, to see a stride of 16 px; at most 1600 px, to fit a screen.
_LARGEST = 1600
_SMALLEST = 640
_DOT = 2  # pixels of the drawing: half the width of a point
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_MATCHED, _UNMATCHED, _ANCHOR, _BORDER = "#1a9850", "#d73027", "#2166ac", "#e08214"


def draw(explanation: Explanation, suffix: str) -> bytes:
    """Draw the explained image, or a grey canvas of its size if the file is missing.

    Boxes that are surely or possibly matched are green, the others red, with their cause. Best anchors are
    dashed blue lines, the border a dashed orange line. Points are blue dots where they can become positive
    for a box, hollow where another box learns them; a red cross is the point nearest to a box without any.
    suffix: the format to encode as (.png, .jpg, ...). Raises AnchorauditError
    for any other.
    """
    format_name = _format(suffix)
    dataset, index = explanation.audit.dataset, explanation.index
    width, height = float(dataset.images.width[index]), float(dataset.images.height[index])
    longer = max(width, height)
    zoom = min(max(1.0, _SMALLEST / longer), _LARGEST / longer)
    scale = (zoom * width / explanation.canvas[0], zoom * height / explanation.canvas[1])
    margin = explanation.audit.detector.border.pixels
    reach = [
        0.0 if margin is None else margin,
        *(_beyond(box.best_anchor, explanation) for box in explanation.boxes),
    ]
    frame = int(min(max(reach) * max(scale), longer * zoom)) + 12
    photo = _photo(dataset.image_path(index), (max(1, round(width * zoom)), max(1, round(height * zoom))))
    whole = (photo.width + 2 * frame, photo.height + 2 * frame)
    labels = _labels(explanation)
    places = [_placed(box.net, scale, (frame, frame)) for box in explanation.boxes]
    layout = lay_out(places, [_size_of(text) for text in labels], whole)
    left = math.ceil(layout.left)
    size = (whole[0] + left + math.ceil(layout.right), max(whole[1], math.ceil(layout.height) + 2))
    picture = Image.new("RGB", size, "#f4f4f4")
    picture.paste(photo, (left + frame, frame))
    pen = _Pen(picture, scale, (layout.left + frame, frame))
    pen.draw(explanation, margin)
    pen.leaders(
        [(one.leader, _colour(box)) for box, one in zip(explanation.boxes, layout.labels, strict=True)]
    )
    for box, text, placed in zip(explanation.boxes, labels, layout.labels, strict=True):
        pen.label(text, placed.at, _colour(box))
    buffer = io.BytesIO()
    picture.save(buffer, format=format_name)
    return buffer.getvalue()


def _labels(explanation: Explanation) -> list[str]:
    """Return what stands beside each box: its class, its best IoU, and why it is not trained."""
    threshold = explanation.audit.detector.match.foreground_from
    texts = []
    for box in explanation.boxes:
        value = "" if box.best_iou is None else words.iou(box.best_iou, threshold)
        why = box.cause or (box.status if box.best_iou is None and _colour(box) == _UNMATCHED else "")
        texts.append(printable(" ".join(filter(None, (box.label, value, why)))))
    return texts


def _colour(box: BoxExplanation) -> str:
    return _MATCHED if box.status in ("matched", "possible") else _UNMATCHED


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=14)


def _size_of(text: str) -> tuple[float, float]:
    """Return the width and height of a label, all as high as letters that reach above and below the line."""
    width, bottom = _font().getbbox(text)[2], _font().getbbox("Ágj")[3]
    return width + 6, bottom + 3


class _Pen:
    """Draws in pixels of the network's input."""

    def __init__(self, picture: Image.Image, scale: tuple[float, float], origin: tuple[float, float]) -> None:
        self.pen = ImageDraw.Draw(picture)
        self.scale = scale
        self.origin = origin
        self.font = _font()

    def draw(self, explanation: Explanation, margin: float | None) -> None:
        """Draw everything, the border first, so that the boxes lie on top."""
        if margin is not None:
            w, h = explanation.canvas
            self._dashed(self._place((-margin, -margin, w + margin, h + margin)), _BORDER)
        if explanation.places is not None:
            self._points(explanation, explanation.places)
        for box in explanation.boxes:
            if box.best_anchor is not None:
                self._dashed(self._place(box.best_anchor), _ANCHOR)
        for box in explanation.boxes:
            self.pen.rectangle(self._place(box.net), outline=_colour(box), width=2)

    def leaders(self, lines: Iterable[tuple[Box | None, str]]) -> None:
        """Draw the lines from labels in a margin to their boxes, below all labels."""
        for line, colour in lines:
            if line is not None:
                self.pen.line(line, fill=colour, width=1)

    def label(self, text: str, at: tuple[float, float], colour: str) -> None:
        """Write a label. at: its top left corner, in pixels of the drawing."""
        x, y = at
        width, height = _size_of(text)
        self.pen.rectangle((x, y, x + width, y + height), fill=colour)
        self.pen.text((x + 3, y), text, fill="white", font=self.font)

    def _points(self, explanation: Explanation, places: Places) -> None:
        """Draw the candidates of all boxes, and the nearest point of each box without any."""
        for (x, y), own in zip(places.xy.tolist(), places.own.tolist(), strict=True):
            left, top, _, _ = self._place((x, y, x, y))
            dot = (left - _DOT, top - _DOT, left + _DOT, top + _DOT)
            self.pen.ellipse(dot, outline=_ANCHOR, fill=_ANCHOR if own else None)
        for box in explanation.boxes:
            if box.points is None or (near := box.points.nearest) is None:
                continue
            left, top, _, _ = self._place((near.x, near.y, near.x, near.y))
            for turned in (1, -1):
                ends = (left - 2 * _DOT, top - 2 * _DOT * turned, left + 2 * _DOT, top + 2 * _DOT * turned)
                self.pen.line(ends, fill=_UNMATCHED, width=2)

    def _dashed(self, place: Box, colour: str) -> None:
        x1, y1, x2, y2 = place
        for start, end in (
            ((x1, y1), (x2, y1)),
            ((x2, y1), (x2, y2)),
            ((x2, y2), (x1, y2)),
            ((x1, y2), (x1, y1)),
        ):
            length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
            count = max(1, int(length // 6))
            for i in range(0, count, 2):
                a, b = i / count, min(1.0, (i + 1) / count)
                line = [
                    (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t) for t in (a, b)
                ]
                self.pen.line(line, fill=colour, width=2)

    def _place(self, box: Box) -> Box:
        """Map a box on the network's input to the drawing."""
        return _placed(box, self.scale, self.origin)


def _placed(box: Box, scale: tuple[float, float], origin: tuple[float, float]) -> Box:
    (x1, y1, x2, y2), (sx, sy), (left, top) = box, scale, origin
    return x1 * sx + left, y1 * sy + top, x2 * sx + left, y2 * sy + top


def _beyond(box: Box | None, explanation: Explanation) -> float:
    """Return how far a box reaches past the canvas."""
    if box is None:
        return 0.0
    w, h = explanation.canvas
    return max(0.0, -box[0], -box[1], box[2] - w, box[3] - h)


def _photo(path: Path | None, size: tuple[int, int]) -> Image.Image:
    """Return the image at `size`, or a grey canvas if it is missing or cannot be decoded."""
    found = None if path is None else pillow.photo(path, size)
    return Image.new("RGB", size, "#dddddd") if found is None else found


def _format(suffix: str) -> str:
    if suffix.lower() not in _FORMATS:
        raise AnchorauditError(
            f"cannot write a drawing as {suffix or 'a file without suffix'}",
            remedy=f"Use one of: {', '.join(_FORMATS)}.",
        )
    return _FORMATS[suffix.lower()]
