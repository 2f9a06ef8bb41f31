"""The evidence of a step as one HTML file that works offline: what happened, and each image's boxes."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import printable, shortened

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.training.blame.evidence import Evidence

_SIDE = 260  # px of the longer side of a drawing
_MOST_BOXES = 300  # boxes of an image that are drawn
_COLOURS = {"matched": "#2e7d32", "possible": "#2e7d32", "forced": "#b26a00", "borrowed": "#b26a00"}
_BAD = "#c62828"
_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.45 }
body { max-width: 70em; margin: 2em auto; padding: 0 1em }
.images { display: flex; flex-wrap: wrap; gap: 1.2em }
figure { margin: 0 } figcaption { max-width: 260px; overflow-wrap: anywhere }
svg { background: #8882; border: 1px solid #8886 }
code { overflow-wrap: anywhere }
"""


def page_of(evidence: Evidence) -> str:
    """Return the page. All names in it are escaped; it has no script and makes no request."""
    audit = evidence.checked.audit
    said = "".join(f"<li>{_text(one)}</li>" for one in evidence.sentences)
    said = f"<ul>{said}</ul>" if said else ""
    if not evidence.blamed.explains:
        said = f"<p>Nothing in this batch explains it.</p>{said}"
    drawings = "".join(_figure(audit, image) for image in range(len(audit.dataset.images)))
    title = f"Step {evidence.step}, epoch {evidence.epoch}"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}: the batch {_text(evidence.what)}</h1>\n"
        f"<p>{_text(audit.detector.name)}, {_text(evidence.checked.form)}</p>\n{said}\n"
        f'<div class="images">{drawings}</div>\n'
        "<p>Green: a box that is learned. Orange: learned only because the best anchor is taken, or at a "
        "point outside it. Red: never learned.</p></html>\n"
    )


def _figure(audit: Audit, image: int) -> str:
    images = audit.dataset.images
    width, height = float(images.width[image]), float(images.height[image])
    verdict = VERDICTS[int(audit.image_results.verdict[image])]
    rows = audit.boxes_of(image).tolist()
    caption = f"{_text(images.file_names[image])}<br>{verdict.replace('_', ' ')}, {len(rows)} boxes"
    if not (isfinite(width) and isfinite(height) and width > 0 and height > 0):
        return f"<figure><figcaption>{caption}, unknown size</figcaption></figure>"
    scale = _SIDE / max(width, height)
    drawn = "".join(_rect(audit, row, scale) for row in rows[:_MOST_BOXES])
    return (
        f'<figure><svg width="{width * scale:.0f}" height="{height * scale:.0f}" role="img" '
        f'aria-label="boxes">{drawn}</svg><figcaption>{caption}</figcaption></figure>'
    )


def _rect(audit: Audit, row: int, scale: float) -> str:
    x1, y1, x2, y2 = audit.dataset.boxes.xyxy[row].tolist()
    if not all(map(isfinite, (x1, y1, x2, y2))):
        return ""
    status = STATUSES[int(audit.box_results.status[row])]
    cause = int(audit.box_results.cause[row])
    why = f": {CAUSES[cause]}" if cause >= 0 else ""
    left, top = min(x1, x2) * scale, min(y1, y2) * scale
    wide, high = max(abs(x2 - x1) * scale, 1), max(abs(y2 - y1) * scale, 1)
    return (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{wide:.2f}" height="{high:.2f}" fill="none" '
        f'stroke="{_COLOURS.get(status, _BAD)}" stroke-width="1.5"><title>{status}{why}, '
        f"{x1:g}, {y1:g}, {x2:g}, {y2:g}</title></rect>"
    )


def _text(value: object) -> str:
    return escape(shortened(printable(value), 500))
