"""One image explained as text: its mask, its boxes, its losses."""

from __future__ import annotations

from rich.text import Text

from anchoraudit.advice.explain import BoxExplanation, Explanation
from anchoraudit.auditing.losses import Losses
from anchoraudit.encoding.causes import meaning_of
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import words
from anchoraudit.report.text.explained_points import box_parts, mask, size_of
from anchoraudit.report.text.terminal import facts, first_lines, table

_LOSS_MEANING = {
    "plain": "divided by the count, unguarded",
    "truncated": "NaN replaced by 0",
    "guarded": "divided by max(1, count)",
}


def explanation_parts(explanation: Explanation) -> list[object]:
    """Return the parts of the report, in order."""
    parts = [*first_lines(words.who_judged(explanation.audit)), facts(_image(explanation)), ""]
    if explanation.boxes and not explanation.audit.detector.anchors.levels:
        parts += box_parts(explanation)
    elif explanation.boxes:
        parts += [_boxes(explanation), ""]
        if lost := [box for box in explanation.boxes if box.remedy]:
            parts += [_remedies(lost, explanation), ""]
    if explanation.losses:
        parts += [_losses(explanation), ""]
    if _verdict(explanation) in ("encoder_error", "left_out"):
        parts.append(Text(f"{words.why(explanation.audit, explanation.index)}.", style="bold"))
    elif not explanation.positives:
        parts.append(Text(f"With this detector, {explanation.audit.detector.on_empty}.", style="bold"))
    return parts


def _verdict(explanation: Explanation) -> str:
    return VERDICTS[int(explanation.audit.image_results.verdict[explanation.index])]


def _image(explanation: Explanation) -> list[tuple[str, str]]:
    audit, i = explanation.audit, explanation.index
    images = audit.dataset.images
    verdict = _verdict(explanation)
    reason = "" if verdict == "ok" else f": {words.why(audit, i)}"
    labels = _of_anchors(explanation) if audit.detector.anchors.levels else mask(explanation)
    size = (
        f"{images.width[i]:g}x{images.height[i]:g}, input {explanation.canvas[0]:g}x{explanation.canvas[1]:g}"
    )
    return [
        ("image", f"{images.file_names[i]} (id {images.ids[i]}), {size}"),
        ("detector", str(audit.detector)),
        ("mask", labels),
        ("verdict", f"{verdict}{reason}"),
    ]


def _of_anchors(explanation: Explanation) -> str:
    text = (
        f"{explanation.positives:,} positive, {explanation.negatives:,} negative, "
        f"{explanation.ignored:,} ignored of {explanation.anchors:,} anchors"
    )
    if outside := explanation.anchors - explanation.counting:
        text += f"; {outside:,} of the ignored cross the border"
    return text


def _boxes(explanation: Explanation) -> object:
    match = explanation.audit.detector.match
    rows = [
        (
            str(box.number),
            box.label,
            size_of(box),
            words.iou(box.best_iou or 0.0, match.foreground_from, 3),
            _anchor(box),
            f"{box.assigned:,}",
            box.cause or box.status,
        )
        for box in explanation.boxes
    ]
    best = f"best {match.measure}>"
    columns = ("box>", "label", "size>", best, "best anchor, at", "assigned>", "status")
    return table("Usable boxes (pixels of the network's input)", columns, rows)


def _remedies(lost: list[BoxExplanation], explanation: Explanation) -> object:
    detector = explanation.audit.detector
    rows = [(str(b.number), f"{b.cause}: {meaning_of(b.cause, detector)}", b.remedy) for b in lost]
    return table("Unmatched boxes", ("box>", "why unmatched", "what would help"), rows)


def _losses(explanation: Explanation) -> object:
    guarded = explanation.audit.detector.loss.normaliser == "batch_positives_or_one"
    own = "guarded" if guarded else "plain"
    rows = [
        (name, *_numbers(explanation.losses[name]), f"{meaning} (this detector)" if name == own else meaning)
        for name, meaning in _LOSS_MEANING.items()
    ]
    title = "Loss of this image alone, for a network that outputs 0"
    return table(title, ("normaliser", "score>", "box>", "total>", "meaning"), rows)


def _numbers(values: Losses) -> tuple[str, str, str]:
    return f"{values.score:.4f}", f"{values.box:.4f}", f"{values.total:.4f}"


def _anchor(box: BoxExplanation) -> str:
    if box.best_anchor is None:
        assert box.nearest is not None
        return f"none overlaps ({words.shape(*box.nearest)} is nearest)"
    x1, y1, x2, y2 = box.best_anchor
    return f"{words.shape(x2 - x1, y2 - y1)} at {(x1 + x2) / 2:g}, {(y1 + y2) / 2:g}"
