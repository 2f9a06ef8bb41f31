"""Small JPEG pictures for the gallery, embedded in the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from anchoraudit.images import pillow

_MOST_BYTES = 4_500_000  # of all thumbnails: with Plotly's script and the tables a report stays below 12 MB
_QUALITY = 62
# Longer side in pixels, by how many pictures there are at most: few may be large.
_SIDES = ((24, 720), (60, 512), (120, 400), (300, 320))


class Thumbnails:
    """Makes the pictures of a report, until they are too large together. count: how many there may be."""

    def __init__(self, count: int) -> None:
        self._side = next((side for most, side in _SIDES if count <= most), _SIDES[-1][1])
        self._left = _MOST_BYTES

    def of(self, path: Path | None, width: float, height: float) -> str:
        """Return a picture as a `data:` address; "" if there is no file, or if it cannot be decoded.

        width, height: of the image, in pixels, as its boxes count them.
        """
        if path is None or self._left <= 0 or not width * height <= pillow.MOST_PIXELS // 4:
            return ""
        scale = min(1.0, self._side / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        photo = pillow.photo(path, size)
        if photo is None:
            return ""
        buffer = io.BytesIO()
        photo.save(buffer, format="JPEG", quality=_QUALITY, optimize=True)
        data = base64.b64encode(buffer.getvalue()).decode("ascii")
        self._left -= len(data)
        return f"data:image/jpeg;base64,{data}"
