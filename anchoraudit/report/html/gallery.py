"""The images that the report shows: which ones, and what is said of each image and each of its boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from anchoraudit.advice.explain_points import explain_points
from anchoraudit.arrays import Bool, Float, Int, are_any
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.labels import REASON_MEANING, REASONS
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import one_canvas
from anchoraudit.encoding.causes import CAUSES, meaning_of, nearest_shape
from anchoraudit.encoding.grid import MOST_ANCHORS
from anchoraudit.encoding.statuses import NEVER, STATUSES, has
from anchoraudit.encoding.statuses import meaning_of as meaning_of_status
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import AnchorauditError, printable, shortened
from anchoraudit.report import words
from anchoraudit.report.html.thumbnails import Thumbnails
from anchoraudit.report.text.commands import command, without

MOST = 300  # images
_MOST_BOXES = 60  # of an image: those that are lost first
_MOST_POINTS = 80  # of an image
# Pairs of a box and an anchor, or a point, that are looked at to draw the best ones: a few seconds' work.
_MOST_PAIRS = 150_000_000
_NAME = 200  # characters of a name


def gallery(audit: Audit, options: Sequence[str], most: int = MOST) -> dict[str, Any]:
    """Return the images to show, for the page's script, and how many there are to choose from.

    options: command-line words of the run, for the `explain` commands. Images without foreground come first,
    then those with boxes that are never trained. Of more than `most`, some of each verdict, cause and split
    are taken, the worst first.
    """
    flagged, others = _candidates(audit)
    every = np.concatenate([flagged, others])
    chosen = _some_of_each(audit, flagged, most)
    if len(chosen) < most:
        chosen += _some_of_each(audit, others, most - len(chosen))
    teller = _Teller(audit, options, len(chosen))
    return {
        "images": [teller.tell(image) for image in chosen],
        "flagged": len(flagged),
        "others": len(others),
        "total": len(every),
    }


def _candidates(audit: Audit) -> tuple[Int, Int]:
    """Return the rows of the flagged images, worst first, and of others with boxes never trained, most first.

    Without a detector: those with an error, and none.
    """
    count = len(audit.dataset.images)
    if audit.replayed is None:
        wrong = audit.findings.has_error("image", count)
        boxes = audit.findings.has_error("box", len(audit.dataset.boxes))
        wrong[audit.dataset.boxes.image[boxes]] = True
        return np.flatnonzero(wrong), np.zeros(0, dtype=np.int64)
    flagged = np.array(words.flagged(audit), dtype=np.int64)
    never = np.bincount(audit.dataset.boxes.image[_never_trained(audit)], minlength=count)
    is_flagged = np.zeros(count, dtype=np.bool_)
    is_flagged[flagged] = True
    others = np.flatnonzero((never > 0) & ~is_flagged)
    return flagged, others[np.argsort(-never[others], kind="stable")]


def _never_trained(audit: Audit) -> Bool:
    """Tell which boxes are never trained: bool [M]. Crowds are not meant to be."""
    dropped = are_any(audit.labels.reason, [REASONS.index(reason) for reason in ("loader", "model")])
    return has(audit.box_results.status, *NEVER) | (dropped & ~audit.original.boxes.crowd)


def _some_of_each(audit: Audit, rows: Int, most: int) -> list[int]:
    """Return at most `most` of the rows: in turn one of each verdict, cause and split, in the given order."""
    results, split = audit.image_results, audit.dataset.images.split
    groups: dict[tuple[int, int, int], list[int]] = {}
    for row in rows.tolist():
        key = (int(results.verdict[row]), int(results.cause[row]), int(split[row]))
        group = groups.setdefault(key, [])
        if len(group) < most:
            group.append(row)
    of_verdict: Counter[int] = Counter()
    turn: dict[tuple[int, int, int], int] = {}
    for key in groups:  # the first group of each verdict comes first, then the second ones
        turn[key] = of_verdict[key[0]]
        of_verdict[key[0]] += 1
    ordered = [groups[key] for key in sorted(groups, key=lambda key: turn[key])]
    taken: set[int] = set()
    for place in range(max(map(len, ordered), default=0)):
        for group in ordered:
            if place < len(group) and len(taken) < most:
                taken.add(group[place])
    return [row for row in rows.tolist() if row in taken]


class _Teller:
    """Says what there is to say of single images. count: how many images will be asked for."""

    def __init__(self, audit: Audit, options: Sequence[str], count: int) -> None:
        self.audit, self.options = audit, options
        self.thumbnails = Thumbnails(count)
        self.pairs = _MOST_PAIRS
        self.order = audit.dataset.boxes.by_image()
        self.starts = np.searchsorted(
            audit.dataset.boxes.image[self.order], np.arange(len(audit.dataset.images) + 1)
        )
        self.names = Counter(map(str, audit.dataset.images.ids))
        self.never = _never_trained(audit)

    def tell(self, image: int) -> dict[str, Any]:
        """Return one image: names, verdict, reason, command, picture and boxes."""
        audit, dataset, results = self.audit, self.audit.dataset, self.audit.image_results
        rows = self.order[self.starts[image] : self.starts[image + 1]]
        cause = int(results.cause[image])
        verdict = "" if audit.replayed is None else VERDICTS[int(results.verdict[image])]
        width, height = float(dataset.images.width[image]), float(dataset.images.height[image])
        known = np.isfinite(width) and np.isfinite(height)
        file_name = dataset.images.file_names[image]
        causes = audit.box_results.cause[rows]
        shown = self._boxes_to_show(rows)
        told: dict[str, Any] = {
            "name": _name(file_name or dataset.images.ids[image]),
            "id": _name(dataset.images.ids[image]),
            "split": _name(dataset.splits[int(dataset.images.split[image])]),
            "verdict": verdict,
            "causes": sorted({CAUSES[code] for code in {cause, *causes.tolist()} if code >= 0}),
            "classes": sorted({self._class(row) for row in rows.tolist()} - {""}),
            "why": printable(self._why(image, rows)),
            "command": self._command(image),
            "picture": self.thumbnails.of(dataset.image_path(image), width, height) if known else "",
            "width": width if known else 0,
            "height": height if known else 0,
            "of": len(rows),
            "boxes": [],
            "points": [],
        }
        if known:
            told["boxes"], told["points"] = self._boxes(image, shown, (width, height))
        return told

    def _boxes_to_show(self, rows: Int) -> Int:
        """Return at most 60 rows of boxes: those never trained first, then in file order."""
        if len(rows) <= _MOST_BOXES:
            return rows
        status = self.audit.box_results.status[rows]
        lost_first = np.argsort(~(has(status, *NEVER) | (status == 0)), kind="stable")
        return np.sort(rows[lost_first[:_MOST_BOXES]])

    def _class(self, row: int) -> str:
        category = int(self.audit.dataset.boxes.category[row])
        return _name(self.audit.dataset.categories[category].name) if category >= 0 else ""

    def _why(self, image: int, rows: Int) -> str:
        audit = self.audit
        if audit.replayed is None or words.is_flagged(VERDICTS[int(audit.image_results.verdict[image])]):
            return words.why(audit, image)
        never = rows[self.never[rows]]
        counts = Counter(map(self._reason, never.tolist()))
        why = ", ".join(f"{number} {name}" for name, number in counts.most_common())
        verb = "is" if len(never) == 1 else "are"
        return f"{len(never):,} of {words.count(len(rows), 'box')} {verb} never trained: {why}"

    def _reason(self, row: int) -> str:
        """Say in a word or two why a box is never trained."""
        audit = self.audit
        code = int(audit.box_results.cause[row])
        if audit.box_results.usable[row]:
            return CAUSES[code] if code >= 0 else "shadowed"
        return REASON_MEANING[REASONS[int(audit.labels.reason[row])]]

    def _command(self, image: int) -> str:
        """Return the command that explains an image, with its split if another image has the same id."""
        dataset, options = self.audit.dataset, self.options
        name, root = str(dataset.images.ids[image]), str(dataset.root)
        if self.audit.replayed is None:
            return ""
        if self.names[name] == 1:
            return command("explain", [name, root], options)
        split = dataset.splits[int(dataset.images.split[image])]
        return command("explain", [name, root], without(options, "--split"), "--split", split)

    def _boxes(
        self, image: int, rows: Int, size: tuple[float, float]
    ) -> tuple[list[dict[str, Any]], list[list[float]]]:
        """Return the boxes of an image, and the points that can train them, in pixels of the image."""
        audit = self.audit
        usable = audit.box_results.usable[rows]
        told = [self._box(row) for row in rows.tolist()]
        if audit.replayed is None or not usable.any():
            return told, []
        net = audit.net_boxes(rows[usable])
        extra = self._anchors(net, size) if audit.detector.anchors.levels else self._nearest(net, size)
        nearest = (
            nearest_shape(box_sizes(net), audit.detector) if len(audit.detector.anchors.levels) else None
        )
        mine = [box for box, is_usable in zip(told, usable.tolist(), strict=True) if is_usable]
        for number, box in enumerate(mine):
            w, h = box_sizes(net[number : number + 1])[0].tolist()
            more = f"{words.shape(w, h)} px on the input"
            if nearest is not None:
                more += f"; nearest anchor {words.shape(*audit.detector.shapes[nearest[number]].tolist())}"
            box["says"] = f"{box['says']}; {more}" if box["says"] else more
            if (place := extra.places.get(number)) is not None:
                box["best"] = place
        return told, extra.points

    def _box(self, row: int) -> dict[str, Any]:
        """Return one box: corners, status, class and what is said of it."""
        audit = self.audit
        status = STATUSES[int(audit.box_results.status[row])]
        code, best = int(audit.box_results.cause[row]), float(audit.box_results.best_iou[row])
        says: list[str] = []
        if not audit.box_results.usable[row]:
            status = "unusable"
            says.append(f"not usable: {REASON_MEANING.get(REASONS[int(audit.labels.reason[row])], '')}")
        elif audit.replayed is None:
            status = "usable"
        else:
            match = audit.detector.match
            says.append(f"{status}: {meaning_of_status(status, match)}")
            if code >= 0:
                says.append(f"{CAUSES[code]}: {meaning_of(CAUSES[code], audit.detector)}")
            if match.measure and np.isfinite(best):
                says.append(f"best {match.measure} {words.iou(best, match.foreground_from)}")
        return {
            "box": _rounded(audit.dataset.boxes.xyxy[row]),
            "status": status,
            "label": self._class(row) or "(no class)",
            "cause": CAUSES[code] if code >= 0 else "",
            "says": "; ".join(says),
        }

    def _affordable(self, net: Float, per_box: int) -> bool:
        """Tell whether so many more pairs may be looked at. The answer depends on nothing but the data."""
        cost = len(net) * per_box
        if cost > self.pairs or per_box > MOST_ANCHORS:
            return False
        self.pairs -= cost
        return True

    def _anchors(self, net: Float, size: tuple[float, float]) -> _Extra:
        """Return the best anchor of each box, in pixels of the image."""
        detector = self.audit.detector
        fitted = one_canvas(*size, detector)
        per_cell = zip(detector.strides, detector.anchors.levels, strict=True)
        canvas = float(fitted.canvases.width[0]) * float(fitted.canvases.height[0])
        count = sum(int(canvas / stride**2 + 1) * level.count for stride, level in per_cell)
        if not self._affordable(net, count):
            return _Extra({}, [])
        try:
            labels = engines.replay(net, fitted.canvases, detector)
        except AnchorauditError:  # too many anchors to enumerate
            return _Extra({}, [])
        places = {
            number: _rounded(_to_image(labels.anchors[best], fitted, size))
            for number, best in enumerate(labels.best_anchor.tolist())
            if best >= 0 and labels.best_iou[number] > 0
        }
        return _Extra(places, [])

    def _nearest(self, net: Float, size: tuple[float, float]) -> _Extra:
        """Return the points of the boxes, in pixels of the image; of a box without any the nearest one."""
        detector = self.audit.detector
        if not detector.points.strides:
            return _Extra({}, [])
        fitted = one_canvas(*size, detector)
        canvas = float(fitted.canvases.width[0]), float(fitted.canvases.height[0])
        if not self._affordable(net, sum(int(canvas[0] * canvas[1] / s**2 + 1) for s in detector.strides)):
            return _Extra({}, [])
        boxes, places = explain_points(net, canvas, detector)
        points = [
            [*_rounded(_to_image(np.tile(xy, 2), fitted, size))[:2], 1 if own else 0]
            for xy, own in zip(places.xy[:_MOST_POINTS], places.own[:_MOST_POINTS].tolist(), strict=True)
        ]
        for box in boxes:
            if box.nearest is not None:
                near = np.array([box.nearest.x, box.nearest.y] * 2)
                points.append([*_rounded(_to_image(near, fitted, size))[:2], 2])
        return _Extra({}, points)


class _Extra:
    """What is drawn besides boxes. places: the best anchor of boxes, by number. points: x, y and kind.

    kind: 0 for a candidate that another box learns, 1 for one that the box learns, 2 for the nearest point of
    a box without any.
    """

    def __init__(self, places: dict[int, list[float]], points: list[list[float]]) -> None:
        self.places, self.points = places, points


def _to_image(net: Float, fitted: Any, size: tuple[float, float]) -> Float:
    """Map corners [4] on the network's input back to pixels of the image."""
    canvases = fitted.canvases
    scale = np.array([size[0] / canvases.image_width[0], size[1] / canvases.image_height[0]] * 2)
    corner = np.array([float(fitted.left[0]), float(fitted.top[0])] * 2)
    placed: Float = (np.asarray(net, dtype=np.float64) - corner) * scale
    return placed


def _rounded(values: Float) -> list[float]:
    """Return numbers with one decimal; those that are not finite, or absurdly large, as the nearest bound."""
    finite = np.clip(np.nan_to_num(values, nan=0.0), -1e6, 1e6)
    return [round(value, 1) for value in finite.tolist()]


def _name(text: object) -> str:
    return shortened(printable(text), _NAME)
