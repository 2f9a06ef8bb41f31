"""One image explained as text, under a detector that has points, or queries, in place of anchors."""

from __future__ import annotations

from collections.abc import Sequence

from anchoraudit.advice.explain import BoxExplanation, Explanation
from anchoraudit.advice.explain_points import PointsOfBox, TooFew
from anchoraudit.detectors import Detector
from anchoraudit.encoding.causes import meaning_of
from anchoraudit.encoding.points.nearest import Nearest
from anchoraudit.encoding.statuses import meaning_of as meaning_of_status
from anchoraudit.report import words
from anchoraudit.report.text.terminal import table

_NAMED = 3  # other boxes that are named
_LISTED = 8  # boxes and points that are listed where they are too few together
# Statuses of boxes that are not trained as they should be.
_TOLD = ("unmatched", "shadowed", "borrowed")


def mask(explanation: Explanation) -> str:
    """Say how many points or queries can become positive."""
    match, total = explanation.audit.detector.match, explanation.anchors
    if match.unit == "query":
        boxes = words.count(len(explanation.boxes), "box")
        lost = len(explanation.boxes) - total
        if lost > 0:
            return f"{boxes} for {total:,} queries: {lost:,} are lost at every step, predictions decide which"
        return f"{boxes} for {total:,} queries: each gets one"
    if match.is_prediction_free:
        return f"{explanation.positives:,} positive, {explanation.negatives:,} negative of {total:,} points"
    most = f", at most {match.top} of each box" if match.top else ""
    return f"{explanation.positives:,} of {total:,} points can become positive; predictions choose{most}"


def box_parts(explanation: Explanation) -> list[object]:
    """Return the table of usable boxes, and that of those which are not trained as they should be."""
    detector = explanation.audit.detector
    parts: list[object] = [_boxes(explanation, detector), ""]
    if lost := [box for box in explanation.boxes if box.status in _TOLD]:
        rows = [(str(box.number), _why(box, detector), box.remedy or _rid_of(box)) for box in lost]
        parts += [
            table(
                "Boxes that are not trained, or not at their own place",
                ("box>", "why", "what would help"),
                rows,
            ),
            "",
        ]
    if explanation.too_few:
        columns = ("boxes", "points>", "lost at every step>", "the points: x, y, stride")
        short = [_too_few(each) for each in explanation.too_few]
        parts += [table("Boxes that have too few points together", columns, short), ""]
    return parts


def _boxes(explanation: Explanation, detector: Detector) -> object:
    title = "Usable boxes (pixels of the network's input)"
    if not detector.points.strides:
        rows = [(str(box.number), box.label, size_of(box), box.status) for box in explanation.boxes]
        return table(title, ("box>", "label", "size>", "status"), rows)
    free = detector.match.is_prediction_free
    strides = "/".join(f"{stride:g}" for stride in detector.strides)
    levels = f"of stride {strides}>" if len(detector.strides) > 1 else ""
    columns = (
        "box>",
        "label",
        "size>",
        "points>",
        *((levels,) if levels else ()),
        *(("learns>",) if free else ()),
        "others learn" if free else "shares them with",
        "status",
    )
    rows = [
        (
            str(box.number),
            box.label,
            size_of(box),
            f"{sum(points.candidates):,}",
            *(("/".join(map(str, points.candidates)),) if levels else ()),
            *((f"{sum(points.own):,}",) if points.own is not None else ()),
            _others(points),
            box.cause or box.status,
        )
        for box in explanation.boxes
        if (points := box.points) is not None
    ]
    return table(title, columns, rows)


def _too_few(each: TooFew) -> tuple[str, ...]:
    boxes = ", ".join(map(str, each.boxes[:_LISTED])) + _more(len(each.boxes))
    places = [f"{x:g}, {y:g}, {stride:g}" for x, y, stride in each.points[:_LISTED]]
    lost = f"{each.lost:,}"
    return boxes, f"{len(each.points):,}", lost, "; ".join(places) + _more(len(each.points))


def _more(number: int) -> str:
    return f" and {number - _LISTED:,} more" if number > _LISTED else ""


def size_of(box: BoxExplanation) -> str:
    """Write the size of a box on the network's input."""
    x1, y1, x2, y2 = box.net
    return f"{x2 - x1:.1f}x{y2 - y1:.1f}"


def _others(points: PointsOfBox) -> str:
    named = [f"box {other.box}: {other.points:,}" for other in points.others[:_NAMED]]
    if len(points.others) > _NAMED:
        named.append(f"{len(points.others) - _NAMED} more")
    return ", ".join(named)


def _why(box: BoxExplanation, detector: Detector) -> str:
    assert box.points is not None
    if box.status == "shadowed":
        takers = _listed([other.box for other in box.points.others[:_NAMED]])
        return f"shadowed: {meaning_of_status('shadowed', detector.match)} ({takers})"
    cause = box.cause or "stride"
    text = f"{box.status}: {meaning_of_status('borrowed', detector.match)}" if not box.cause else cause
    if box.points.nearest is None:
        return text
    return f"{text}: {meaning_of(cause, detector)}. {_nearest(box.points.nearest, detector)}"


def _listed(boxes: Sequence[int]) -> str:
    return f"box {boxes[0]}" if len(boxes) == 1 else f"boxes {', '.join(map(str, boxes))}"


def _nearest(near: Nearest, detector: Detector) -> str:
    """Say which point is nearest and by how much it misses."""
    start = "The nearest point"
    if detector.match.ranges:
        strides = " or ".join(f"{stride:g}" for stride in near.strides)
        start = f"Its size belongs to stride {strides}; the nearest point there"
    elif len(detector.strides) > 1:
        start = f"{start}, of stride {near.stride:g},"
    misses = [
        f"{pixels:.2g} px in {axis}"
        for pixels, axis in ((near.misses_x, "x"), (near.misses_y, "y"))
        if pixels
    ]
    how = f"misses it by {' and '.join(misses)}" if misses else "lies on its edge, which does not count"
    return f"{start} is at {near.x:g}, {near.y:g} and {how}"


def _rid_of(box: BoxExplanation) -> str:
    return "if both are one object, remove one of them" if box.status == "shadowed" else ""
