"""A drawing of one image: its boxes, their best anchors or their points, and the border of anchors."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from anchoraudit.advice.explain import Box, Explanation
from anchoraudit.advice.explain_points import Places
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.images import pillow
from anchoraudit.report import words

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
    picture = Image.new("RGB", (photo.width + 2 * frame, photo.height + 2 * frame), "#f4f4f4")
    picture.paste(photo, (frame, frame))
    _Pen(picture, scale, frame).draw(explanation, margin)
    buffer = io.BytesIO()
    picture.save(buffer, format=format_name)
    return buffer.getvalue()


class _Pen:
    """Draws in pixels of the network's input."""

    def __init__(self, picture: Image.Image, scale: tuple[float, float], frame: int) -> None:
        self.pen = ImageDraw.Draw(picture)
        self.scale = scale
        self.frame = frame
        self.labels: list[tuple[float, float, float]] = []
        self.font = ImageFont.load_default(size=14)

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
        threshold = explanation.audit.detector.match.foreground_from
        for box in explanation.boxes:
            colour = _MATCHED if box.status in ("matched", "possible") else _UNMATCHED
            place = self._place(box.net)
            self.pen.rectangle(place, outline=colour, width=2)
            value = "" if box.best_iou is None else words.iou(box.best_iou, threshold)
            why = box.cause or (box.status if box.best_iou is None and colour == _UNMATCHED else "")
            self._label(
                printable(" ".join(filter(None, (box.label, value, why)))), place[0], place[1], colour
            )

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

    def _label(self, text: str, x: float, y: float, colour: str) -> None:
        bounds = self.pen.textbbox((0, 0), text, font=self.font)
        width, height = bounds[2] + 5, bounds[3] + 3
        y = max(0.0, y - height)
        while any(abs(y - y0) < height and x < x0 + w0 and x0 < x + width for x0, y0, w0 in self.labels):
            y += height  # below the label that is already there
        self.labels.append((x, y, width))
        self.pen.rectangle((x, y, x + width, y + height), fill=colour)
        self.pen.text((x + 3, y), text, fill="white", font=self.font)

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
        sx, sy = self.scale
        x1, y1, x2, y2 = box
        return x1 * sx + self.frame, y1 * sy + self.frame, x2 * sx + self.frame, y2 * sy + self.frame


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
